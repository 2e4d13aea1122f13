/** A benchmark from targets to report. Runs inside the builder's namespace. */
import { availableParallelism, release } from 'node:os';
import {
  createRunners,
  defaultCpu,
  type EmulatorChoice,
  openScratch,
  type Runner,
  type Scratch,
} from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { formatPlatform, hostPlatform, type Platform } from '../platform.ts';
import { startCourse } from './course.ts';
import { type Place, prepareSteps, programRoots } from './execute.ts';
import { type Lane, type Measured, measure, measureStart } from './measure.ts';
import type { BenchReport, EmitBench, TargetReport } from './report.ts';
import { geometricMeans, ratiosOf, spreadOf } from './statistics.ts';
import type { Workload } from './workloads.ts';

export interface BenchTarget extends EmulatorChoice {
  platform: Platform;
  /** Where it cannot run, that is no failure. */
  isOptional?: boolean;
}

export interface BenchOptions {
  /** The state folder. */
  root: string;
  /** Beside the host's own CPU, which is always the first. */
  targets: BenchTarget[];
  workloads: Workload[];
  samples: number;
  offline: boolean;
  /** A new writable file system for a step, closed here. Asked only where steps are. */
  stepRoot?: ((platform: Platform) => Promise<number>) | undefined;
  signal: AbortSignal;
}

/** A target that cannot run is left out with a notice; throws its error where none is left. */
export async function bench(options: BenchOptions, emit: EmitBench): Promise<BenchReport> {
  const scratch = await openScratch(options.root, options.signal);
  try {
    const measured = new Date().toISOString();
    const runners = await openRunners({ ...options, scratch }, emit);
    const lanesOn = (placeOf: (runner: Runner) => Pick<Place, 'open' | 'data'>): Lane[] =>
      runners.map(({ name, runner }) => {
        const { root, signal } = options;
        return { name, place: { root, runner, signal, ...placeOf(runner) } };
      });
    const programLanes = lanesOn((runner) => ({
      open: programRoots(options.root, scratch, runner),
    }));
    const programs = options.workloads.filter(({ kind }) => kind === 'program');
    const steps = options.workloads.filter(({ kind }) => kind === 'step');
    const { stepRoot, samples } = options;
    const course = startCourse(stepRoot ? options.workloads : programs, {
      ...{ lanes: runners.length, samples },
    });
    const measuring = { samples, emit, course };
    const rows = await measure(programs, programLanes, measuring);
    if (steps.length > 0 && stepRoot) {
      const stepLanes = lanesOn(({ platform }) => ({
        open: () => stepRoot(platform),
        data: scratch.make('steps'),
      }));
      for (const { place } of stepLanes) await prepareSteps(place);
      rows.push(...(await measure(steps, stepLanes, measuring)));
    }
    const starts = await measureStart(programLanes, options.samples);
    const names = [...programs, ...steps].map(({ name }) => name);
    return {
      version: 1,
      measured,
      host: {
        platform: formatPlatform(hostPlatform()),
        kernel: release(),
        cpus: availableParallelism(),
      },
      samples: options.samples,
      targets: runners.map(({ name, runner }, at) => ({
        ...describe(name, runner),
        ...summary(
          names.map((workload, row) => ({
            workload,
            native: rows[row]![0]!,
            own: rows[row]![at]!,
          })),
          at > 0 ? { own: starts[at]!, native: starts[0]! } : undefined,
        ),
      })),
    };
  } finally {
    scratch.remove();
  }
}

async function openRunners(
  options: BenchOptions & { scratch: Scratch },
  emit: EmitBench,
): Promise<{ name: string; runner: Runner }[]> {
  const onProgress = (text: string) => emit({ type: 'notice', text });
  const runners = createRunners({ ...options, onProgress, onTransfer: emit });
  const found = [{ name: 'native', runner: await runners.get(hostPlatform()) }];
  emit({ type: 'target', target: 'native', kind: 'native' });
  let failure: MpkitError | undefined;
  for (const { platform, emulator, cpu, isOptional } of options.targets)
    try {
      const runner = await runners.get(platform, { emulator, cpu });
      if (found.some((each) => isSame(each.runner, runner))) continue;
      const short = nameOf(runner);
      const isTaken = found.some((each) => each.name === short);
      const name = isTaken ? `${short} ${runner.emulator?.digest.slice(7, 19)}` : short;
      found.push({ name, runner });
      emit({ type: 'target', target: name, kind: runner.kind });
    } catch (error) {
      if (!(error instanceof MpkitError) || error.code === 'interrupted') throw error;
      if (isOptional) {
        emit({ type: 'notice', text: `not compared: ${error.message}` });
        continue;
      }
      failure ??= error;
      emit({
        type: 'failed',
        workload: '*',
        target: formatPlatform(platform),
        message: error.message,
      });
    }
  if (failure && found.length === 1) throw failure;
  return found;
}

/** Several ways to ask for one thing: by version, by digest, or unasked. */
function isSame(a: Runner, b: Runner): boolean {
  return (
    formatPlatform(a.platform) === formatPlatform(b.platform) &&
    a.emulator?.digest === b.emulator?.digest &&
    a.environment.QEMU_CPU === b.environment.QEMU_CPU
  );
}

/** `arm64 QEMU 11.1.3`, with the CPU model where one is set. */
function nameOf({ platform, kind, emulator, environment }: Runner): string {
  const short = formatPlatform(platform).replace(/^linux\//, '');
  if (kind === 'native') return `${short} native`;
  const model = environment.QEMU_CPU;
  const by = emulator ? `QEMU ${emulator.version}` : "the host's handler";
  return `${short} ${by}${model ? ` ${model}` : ''}`;
}

function describe(name: string, runner: Runner) {
  const { platform, kind, emulator, environment } = runner;
  const { version, digest } = emulator ?? {};
  return {
    name,
    platform: formatPlatform(platform),
    kind,
    ...(version && digest ? { emulator: { version, digest } } : {}),
    ...(kind === 'emulated' ? { cpu: environment.QEMU_CPU ?? defaultCpu } : {}),
  };
}

function summary(
  rows: { workload: string; native: Measured; own: Measured }[],
  start: { own: number[]; native: number[] } | undefined,
): Pick<TargetReport, 'results' | 'overall' | 'startup'> {
  const ratios: number[][] = [];
  const results = rows.map(({ workload, native, own }) => {
    if (!own.turns) return { workload, failure: own.failure ?? 'not measured' };
    const nanoseconds = spreadOf(own.turns);
    if (!start || !native.turns) return { workload, nanoseconds, rounds: own.rounds };
    const ratio = ratiosOf(own.turns, native.turns);
    ratios.push(ratio);
    return { workload, nanoseconds, ratio: spreadOf(ratio), rounds: own.rounds };
  });
  if (!start) return { results };
  const startup = spreadOf(start.own.map((wall, at) => wall - start.native[at]!));
  const means = geometricMeans(ratios);
  // a mean of other workloads than the rest has compares with nothing
  const isWhole = means.length > 0 && ratios.length === rows.length;
  return { results, startup, ...(isWhole ? { overall: spreadOf(means) } : {}) };
}
