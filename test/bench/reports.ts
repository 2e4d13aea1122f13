import type { BenchReport, TargetReport } from '../../src/bench/index.ts';

/** A report with one emulated target for each ratio; a name in `failing` failed one workload. */
export function reportOf(
  targets: { name: string; ratio: number; platform?: string; failing?: boolean }[],
): BenchReport {
  const spread = (median: number) => ({ median, low: median * 0.95, high: median * 1.05 });
  const native: TargetReport = {
    ...{ name: 'native', platform: 'linux/amd64', kind: 'native' },
    results: [
      { workload: 'hash', nanoseconds: spread(20_000), rounds: 3000 },
      { workload: 'exec', nanoseconds: spread(400_000), rounds: 150 },
    ],
  };
  return {
    ...{ version: 1, measured: '2026-01-02T03:04:05.678Z', samples: 9 },
    host: { platform: 'linux/amd64', kernel: '6.18.0', cpus: 2 },
    targets: [
      native,
      ...targets.map(
        ({ name, ratio, platform = 'linux/arm64', failing }, at): TargetReport => ({
          ...{ name, platform, kind: 'emulated', cpu: 'default' },
          emulator: { version: '11.1.3', digest: `sha256:${String(at).repeat(64)}` },
          startup: spread(9e6),
          overall: spread(ratio),
          results: [
            ...['hash', 'exec'].slice(failing ? 1 : 0).map((workload) => ({
              ...{ workload, nanoseconds: spread(20_000 * ratio), rounds: 100 },
              ratio: spread(ratio),
            })),
            ...(failing ? [{ workload: 'hash', failure: 'went <wrong>' }] : []),
          ],
        }),
      ),
    ],
  };
}
