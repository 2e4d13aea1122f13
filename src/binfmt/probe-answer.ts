/** The line that a probe prints (native/probe/README.md). Pure. */

export interface ProbeAnswer {
  /** What `uname -m` says there. */
  machine: string;
  /** What was tried, by name: whether it worked. */
  checks: Record<string, boolean>;
}

/** Undefined where no probe has spoken; an emulator may have warned of something before it. */
export function readProbeAnswer(output: string): ProbeAnswer | undefined {
  const line = /^mpkit-probe 1( .*)$/m.exec(output)?.[1] ?? '';
  const words = [...line.matchAll(/ ([a-z0-9]+)=(\w+)/g)].map(([, name, value]) => [name, value]);
  const { machine, ...results } = Object.fromEntries(words) as Record<string, string>;
  if (machine === undefined) return undefined;
  const checks = Object.entries(results).map(([name, value]) => [name, value === 'ok']);
  return { machine, checks: Object.fromEntries(checks) };
}
