/** What a build's emulated steps would take natively, by measured ratios. Pure. */
import type { TargetReport } from './report.ts';
import type { Spread } from './statistics.ts';

export interface RecordedStep {
  /** `linux/arm64 build 2/5`. */
  name: string;
  /** `build 2/5`: the same on every platform. */
  step: string;
  text: string;
  /** What it ran on; undefined where it executed nothing. */
  ranOn?: string | undefined;
  kind: 'native' | 'emulated' | 'none';
  /** undefined where it has never been executed since records are kept. */
  seconds?: number | undefined;
}

export interface StepEstimate extends RecordedStep {
  /** Seconds, for an emulated step. */
  native?: Spread;
  /** `native` is what the same step took in this build on the host's own CPU. */
  measured?: true;
}

export interface BuildEstimate {
  steps: StepEstimate[];
  seconds: number;
  /** The whole, if every emulated step ran natively. */
  native: number;
  /** The step whose move saves most. */
  worthMoving?: { name: string; text: string; saved: number };
}

/**
 * What the same step took natively in the same build where it did, else seconds divided by the
 * overall ratio; low and high by the middle half of the workloads, because nobody knows what kind of
 * work a step does.
 */
export function estimateBuild(
  steps: readonly RecordedStep[],
  targets: readonly TargetReport[],
): BuildEstimate {
  const estimates = steps.map((step): StepEstimate => {
    const twin = twinOf(step, steps);
    if (twin !== undefined && step.seconds !== undefined)
      return { ...step, native: { median: twin, low: twin, high: twin }, measured: true };
    const target = targets.find(
      ({ platform, kind }) => kind === 'emulated' && platform === step.ranOn,
    );
    if (step.kind !== 'emulated' || step.seconds === undefined || !target?.overall)
      return { ...step };
    const ratios = target.results
      .flatMap((each) => ('ratio' in each && each.ratio ? [each.ratio.median] : []))
      .sort((a, b) => a - b);
    const quarter = Math.floor(ratios.length / 4);
    const [low, high] = [ratios[quarter]!, ratios[ratios.length - 1 - quarter]!];
    const { seconds } = step;
    return {
      ...step,
      native: { median: seconds / target.overall.median, low: seconds / high, high: seconds / low },
    };
  });
  const savings = estimates.flatMap((step) =>
    step.native
      ? [{ name: step.name, text: step.text, saved: step.seconds! - step.native.median }]
      : [],
  );
  const best = savings.sort((a, b) => b.saved - a.saved)[0];
  const seconds = sum(estimates.map((step) => step.seconds ?? 0));
  return {
    steps: estimates,
    seconds,
    native: seconds - sum(savings.map(({ saved }) => Math.max(0, saved))),
    ...(best && best.saved > 0 ? { worthMoving: best } : {}),
  };
}

function twinOf({ kind, step, text }: RecordedStep, steps: readonly RecordedStep[]) {
  if (kind !== 'emulated') return undefined;
  return steps.find((each) => each.kind === 'native' && each.step === step && each.text === text)
    ?.seconds;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
