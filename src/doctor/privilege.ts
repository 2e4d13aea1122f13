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

/** Every id stands for itself: no user namespace but the first. */
export function isInitialNamespace(host: HostFacts): boolean {
  const words = host.read('/proc/self/uid_map')?.trim().split(/\s+/);
  return words === undefined || words.join(' ') === '0 0 4294967295';
}

function statusField(host: HostFacts, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(
    host.read('/proc/self/status') ?? '',
  )?.[1];
}
