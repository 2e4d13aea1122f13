/**
 * What a build did, step by step, folded from its events: for the time that a step took last, for
 * estimates, and for the list of what was built here.
 */
import type { BuildEvent, VertexLabel } from './events.ts';

export interface BuildRecord {
  version: 1;
  /** Real paths. */
  context: string;
  file: string;
  target?: string;
  platforms: string[];
  tags: string[];
  outputs: { dest: string; tar: boolean }[];
  /** The words after `mpkit`, as they were typed. */
  command: string[];
  /** Milliseconds since 1970. */
  startedAt: number;
  seconds: number;
  status: 'done' | 'failed' | 'stopped';
  images: { platform: string; digest: string; size: number }[];
  steps: StepRecord[];
}

export interface StepRecord {
  /** `linux/arm64`, or `linux/amd64->linux/arm64` for a cross-building stage. */
  platform: string;
  step: string;
  text: string;
  line?: number;
  /** Absent where nothing is executed. */
  kind?: 'native' | 'emulated';
  emulator?: string;
  status: 'done' | 'cached' | 'failed' | 'canceled' | 'waiting';
  /** Of this build; absent where the step was not executed. */
  seconds?: number;
  /** Of the last build that executed it, this one included. */
  lastSeconds?: number;
}

export interface StepRecorder {
  emit: (event: BuildEvent) => void;
  steps: () => StepRecord[];
  /** Milliseconds that the steps took when they were last executed, by vertex. */
  lastTimes: () => ReadonlyMap<string, number>;
}

/** `before`: the steps of the last record, whose times are kept where nothing is executed now. */
export function createStepRecorder(before: readonly StepRecord[]): StepRecorder {
  const steps = new Map<string, StepRecord>();
  const started = new Map<string, number>();
  const known = new Map(before.map((each) => [stepKey(each), each.lastSeconds]));
  const stepOf = (label: VertexLabel): StepRecord => {
    const found = steps.get(label.id);
    if (found) return found;
    const { platform, step, text, location } = label;
    const lastSeconds = known.get(stepKey(label));
    const made: StepRecord = {
      ...{ platform, step, text, status: 'waiting' },
      ...(location ? { line: location.startLine } : {}),
      ...(lastSeconds === undefined ? {} : { lastSeconds }),
    };
    steps.set(label.id, made);
    return made;
  };
  const end = (label: VertexLabel, status: StepRecord['status'], at?: number) => {
    const step = stepOf(label);
    step.status = status;
    const start = started.get(label.id);
    if (at === undefined || start === undefined) return;
    step.seconds = Math.max(0, at - start) / 1000;
    if (status === 'done') step.lastSeconds = step.seconds;
  };
  const emit = (event: BuildEvent) => {
    switch (event.type) {
      case 'plan':
        for (const { vertices, steps: planned } of event.platforms) {
          vertices.forEach(stepOf);
          for (const { label, kind, emulator } of planned)
            Object.assign(stepOf(label), { kind, ...(emulator ? { emulator } : {}) });
        }
        return;
      case 'started':
        stepOf(event.vertex);
        started.set(event.vertex.id, event.at);
        return;
      case 'cached':
      case 'canceled':
        return end(event.vertex, event.type);
      case 'done':
      case 'failed':
        return end(event.vertex, event.type, event.at);
    }
  };
  const lastTimes = () =>
    new Map(
      [...steps].flatMap(([id, { lastSeconds }]): [string, number][] =>
        lastSeconds === undefined ? [] : [[id, lastSeconds * 1000]],
      ),
    );
  return { emit, steps: () => [...steps.values()], lastTimes };
}

/** What identifies a step from one build to the next: its place and its text, not its inputs. */
function stepKey({ platform, step, text }: Pick<VertexLabel, 'platform' | 'step' | 'text'>) {
  return `${platform} ${step} ${text}`;
}
