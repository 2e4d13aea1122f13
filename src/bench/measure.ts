/**
 * Measures workloads on targets in turn, so that whatever disturbs the machine disturbs all of them.
 * The amount of work is calibrated for each pair first, which is its warm-up too.
 */
import { MpkitError } from '../errors.ts';
import type { Course } from './course.ts';
import { execute, type Place, type Sample } from './execute.ts';
import type { EmitBench } from './report.ts';
import type { Workload } from './workloads.ts';

export interface Measured {
  /** Nanoseconds of one round, by turn; missing where it failed. */
  turns?: number[];
  rounds: number;
  failure?: string;
}

export interface Lane {
  name: string;
  place: Place;
}

/** By workload, then by lane, in the order given; a failed pair is left out of later turns. */
export async function measure(
  workloads: readonly Workload[],
  lanes: readonly Lane[],
  options: Measuring,
): Promise<Measured[][]> {
  const all: Measured[][] = [];
  for (const workload of workloads) all.push(await oneWorkload(workload, lanes, options));
  return all;
}

/** Nanoseconds from the start of a sandbox to the end of a program that does nothing, by lane and turn. */
export async function measureStart(lanes: readonly Lane[], samples: number): Promise<number[][]> {
  const turns: number[][] = lanes.map(() => []);
  for (let turn = -1; turn < samples; turn++)
    for (const [at, { place }] of lanes.entries()) {
      const { wall } = await execute({ kind: 'program', name: 'integer' }, 0, place);
      if (turn >= 0) turns[at]!.push(wall);
    }
  return turns;
}

interface Measuring {
  samples: number;
  emit: EmitBench;
  /** Of the whole benchmark. */
  course: Course;
}

async function oneWorkload(
  workload: Workload,
  lanes: readonly Lane[],
  { samples, emit, course }: Measuring,
): Promise<Measured[]> {
  const pairs = lanes.map((lane) => ({ lane, measured: { rounds: 0 } as Measured }));
  const attempt = async <T>(pair: (typeof pairs)[number], action: () => Promise<T>) => {
    if (pair.measured.failure !== undefined) return undefined;
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof MpkitError) || error.code === 'interrupted') throw error;
      pair.measured = { rounds: pair.measured.rounds, failure: error.message };
      const { name: target } = pair.lane;
      emit({ type: 'failed', workload: workload.name, target, message: error.message });
      return undefined;
    }
  };
  for (const pair of pairs) {
    const { name: target, place } = pair.lane;
    const rounds = await attempt(pair, () =>
      calibrate((count) => execute(workload, count, place), workload),
    );
    const position = course.calibrated(workload);
    if (rounds === undefined) continue;
    pair.measured = { rounds, turns: [] };
    emit({ type: 'calibrated', workload: workload.name, target, rounds, ...position });
  }
  for (let turn = 0; turn < samples; turn++)
    for (const pair of pairs) {
      const { name: target, place } = pair.lane;
      const { rounds, turns } = pair.measured;
      const sample = await attempt(pair, () => execute(workload, rounds, place));
      const position = course.sampled(workload);
      if (!sample) continue;
      const nanoseconds = sample.nanoseconds / rounds;
      turns!.push(nanoseconds);
      emit({ type: 'sample', workload: workload.name, target, nanoseconds, ...position });
    }
  return pairs.map(({ measured }) => measured);
}

/** The rounds of one sample: 75 ms, for steps a quarter of a second, within bounds. */
export async function calibrate(
  run: (rounds: number) => Promise<Pick<Sample, 'nanoseconds'>>,
  { kind }: Pick<Workload, 'kind'>,
): Promise<number> {
  const [wanted, most] = kind === 'program' ? [75e6, 1e8] : [250e6, 1000];
  let rounds = 1;
  for (;;) {
    const { nanoseconds } = await run(rounds);
    const ideal = Math.max(1, Math.round((rounds * wanted) / Math.max(nanoseconds, 1000)));
    // a short run says little of a long one: it grows in steps
    if (nanoseconds >= wanted / 8 || rounds >= most) return Math.min(ideal, most);
    rounds = Math.min(ideal, rounds * 64, most);
  }
}
