/** How far a benchmark is, and how long it still takes, folded from its events. Pure. */
import type { Position } from '../../bench/index.ts';

export interface BenchCourse extends Position {
  /** What was measured last. */
  workload: string;
  target: string;
  /** The first that was heard of. */
  first: Pick<Position, 'share' | 'time'>;
}

/** Less says nothing yet: milliseconds, and a share of the whole. */
const patience = 2000;
const least = 0.01;

export function advanceCourse(
  known: BenchCourse | undefined,
  { workload, target, at, of, share, time }: Position & { workload: string; target: string },
): BenchCourse {
  return { workload, target, at, of, share, time, first: known?.first ?? { share, time } };
}

/** Milliseconds, if the rest goes as what was measured so far; undefined where it is too early. */
export function courseRemaining({ first, share, time }: BenchCourse, now: number) {
  const passed = time - first.time;
  const done = share - first.share;
  if (passed < patience || done < least) return undefined;
  return Math.max(0, ((1 - share) * passed) / done - Math.max(0, now - time));
}
