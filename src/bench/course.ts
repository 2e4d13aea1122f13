/** How far a benchmark is: samples that are counted, and the share of the time that they stand for. */
import type { Workload } from './workloads.ts';

export interface Position {
  /** Samples. */
  at: number;
  of: number;
  /** Of the whole expected time, 0 to 1. */
  share: number;
  /** Milliseconds since 1970. */
  time: number;
}

export interface Course {
  calibrated: (workload: Workload) => Position;
  sampled: (workload: Workload) => Position;
}

/**
 * Expected times, as multiples of a program's sample: a step's sample is longer, and a calibration
 * is several runs.
 */
const sampleOf = { program: 1, step: 3 };
const calibration = 2;

export function startCourse(
  workloads: readonly Workload[],
  { lanes, samples }: { lanes: number; samples: number },
): Course {
  const of = workloads.length * lanes * samples;
  const all = workloads.reduce((sum, { kind }) => sum + sampleOf[kind], 0);
  const whole = all * lanes * (samples + calibration);
  let at = 0;
  let past = 0;
  const position = () => ({ at, of, share: past / whole, time: Date.now() });
  return {
    calibrated: ({ kind }) => {
      past += sampleOf[kind] * calibration;
      return position();
    },
    sampled: ({ kind }) => {
      at++;
      past += sampleOf[kind];
      return position();
    },
  };
}
