/** What is mounted on a host, and what holds a path. */
import { type Mount, parseMounts } from '../mountinfo.ts';
import type { HostFacts } from './facts.ts';

export function readMounts(host: HostFacts): Mount[] {
  return parseMounts(host.read('/proc/self/mountinfo') ?? '');
}

/** The mount that is in force at `path`: the longest target, of several the last. */
export function mountOf(host: HostFacts, path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of readMounts(host)) {
    const inside = mount.target === '/' || `${path}/`.startsWith(`${mount.target}/`);
    if (inside && mount.target.length >= (best?.target.length ?? 0)) best = mount;
  }
  return best;
}
