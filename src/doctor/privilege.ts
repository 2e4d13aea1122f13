/** What this process may do, by /proc/self/status and /proc/self/uid_map. */
import type { HostFacts } from './facts.ts';

export const CAP_SYS_ADMIN = 21;

export function hasCapability(host: HostFacts, number: number): boolean | undefined {
  const hex = statusField(host, 'CapEff');
  return hex === undefined ? undefined : ((BigInt(`0x${hex}`) >> BigInt(number)) & 1n) === 1n;
}

/** A seccomp filter is on us: in a container usually Docker's profile. */
export function isFiltered(host: HostFacts): boolean {
  return statusField(host, 'Seccomp') === '2';
}

function statusField(host: HostFacts, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(
    host.read('/proc/self/status') ?? '',
  )?.[1];
}
