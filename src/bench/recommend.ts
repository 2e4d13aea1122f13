/** Which emulator and CPU model to use, by what was measured. Pure. */
import type { TargetReport } from './report.ts';
import { overlap } from './statistics.ts';

export interface Recommendation {
  platform: string;
  /** A target's name. */
  best: string;
  digest: string;
  cpu: string;
  /** Why, as one line. */
  reason: string;
}

/**
 * The fastest of each platform. Of those that cannot be told apart from it the first given is taken:
 * callers put what they would use anyway, and newer versions, first. A wrong answer rules out.
 */
export function recommend(targets: readonly TargetReport[]): Recommendation[] {
  const platforms = [...new Set(targets.map(({ platform }) => platform))];
  return platforms.flatMap((platform) => {
    const rivals = targets.filter((each) => each.platform === platform && isUsable(each));
    const fastest = [...rivals].sort((a, b) => a.overall!.median - b.overall!.median)[0];
    if (!fastest) return [];
    const best = rivals.find((each) => overlap(each.overall!, fastest.overall!)) ?? fastest;
    const slowest = [...rivals].sort((a, b) => b.overall!.median - a.overall!.median)[0]!;
    const { name, emulator, cpu = 'default' } = best;
    return [
      { platform, best: name, digest: emulator!.digest, cpu, reason: reasonFor(best, slowest) },
    ];
  });
}

function isUsable({ emulator, overall, results }: TargetReport): boolean {
  return (
    emulator !== undefined && overall !== undefined && results.every((each) => !('failure' in each))
  );
}

function reasonFor(best: TargetReport, slowest: TargetReport): string {
  const times = (target: TargetReport) => `${target.overall!.median.toFixed(1)} times native`;
  if (best === slowest) return `${times(best)}; it has no rival`;
  if (overlap(best.overall!, slowest.overall!))
    return `${times(best)}; the others measure the same`;
  return `${times(best)}; ${slowest.name} takes ${times(slowest)}`;
}
