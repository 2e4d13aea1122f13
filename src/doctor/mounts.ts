/** /proc/self/mountinfo, as proc(5) describes it. */
import type { HostFacts } from './facts.ts';

export interface Mount {
  target: string;
  type: string;
  source: string;
  /** Of the mount and of its file system. */
  options: string[];
}

export function readMounts(host: HostFacts): Mount[] {
  const lines = (host.read('/proc/self/mountinfo') ?? '').split('\n');
  return lines.flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , , , target, options] = before?.split(' ') ?? [];
    const [type, source, more] = after?.split(' ') ?? [];
    if (!target || !options || !type) return [];
    return [
      {
        target: target.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8))),
        type,
        source: source ?? '',
        options: [...options.split(','), ...(more ?? '').split(',')],
      },
    ];
  });
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
