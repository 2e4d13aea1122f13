/** How fast each CPU runs here: `mpkit bench`, live. */
import type { BenchEvent, BenchReport } from '../../bench/index.ts';
import { advanceCourse, type BenchCourse } from './bench-course.ts';
import type { Effect, Reply } from './effect.ts';
import { type Key, moveCursor } from './key.ts';
import { hasLists, isObjectWith, parseJson } from './parse.ts';
import { noTransfers, reduceTransfers, type Transfers } from './transfers.ts';

export interface BenchState {
  /** What can be picked: `linux/arm64`, with what emulates it. */
  choices: readonly BenchChoice[];
  cursor: number;
  run?: BenchRun;
  /** What was measured on this host before, the newest first. */
  history: readonly BenchReport[];
}

export interface BenchChoice {
  platform: string;
  /** undefined: the one that builds use. */
  emulator?: string;
  picked: boolean;
}

export interface BenchRun {
  status: 'running' | 'done' | 'failed';
  targets: readonly string[];
  /** Nanoseconds of one round, by target and workload, in the order of the turns. */
  samples: ReadonlyMap<string, readonly number[]>;
  workloads: readonly string[];
  /** From the first sample on. */
  course?: BenchCourse;
  transfers: Transfers;
  messages: readonly string[];
  report?: BenchReport;
}

const native = 'native';

export const emptyRun: BenchRun = {
  ...{ status: 'running', targets: [], samples: new Map(), workloads: [] },
  ...{ transfers: noTransfers, messages: [] },
};

export const benchStart: BenchState = { choices: [], cursor: 0, history: [] };

export const benchReload: readonly Effect[] = [
  { type: 'run', job: 'benches', command: ['bench', '--history', '--json'] },
];

/** Keeps what is picked when the emulators change. */
export function withEmulators(
  state: BenchState,
  emulators: readonly { architecture: string; version: string }[],
): BenchState {
  const picked = new Set(state.choices.filter((each) => each.picked).map(keyOf));
  const several = (architecture: string) =>
    new Set(emulators.filter((each) => each.architecture === architecture).map((e) => e.version));
  const choices = new Map<string, BenchChoice>();
  for (const { architecture, version } of emulators) {
    const platform = `linux/${architecture}`;
    const choice = several(architecture).size > 1 ? { platform, emulator: version } : { platform };
    const isFirst = state.choices.length === 0 && architecture === 'arm64';
    choices.set(keyOf(choice), { ...choice, picked: picked.has(keyOf(choice)) || isFirst });
  }
  const list = [...choices.values()];
  return { ...state, choices: list, cursor: Math.min(state.cursor, Math.max(0, list.length - 1)) };
}

export function benchCommand({ choices }: BenchState): string[] {
  const picked = choices.filter((each) => each.picked);
  const platforms = [...new Set(picked.map(({ platform }) => platform))];
  const emulators = [...new Set(picked.flatMap(({ emulator }) => emulator ?? []))];
  return [
    'bench',
    ...(platforms.length > 0 ? ['--platform', platforms.join(',')] : []),
    ...emulators.flatMap((version) => ['--emulator', version]),
  ];
}

export function benchKey(state: BenchState, key: Key): Reply<BenchState> {
  const isRunning = state.run?.status === 'running';
  if (isRunning)
    return key.text === 'x' ? { state, effects: [{ type: 'stop', job: 'bench' }] } : { state };
  const moved = moveCursor(state.cursor, key, state.choices.length);
  if (moved !== undefined) return { state: { ...state, cursor: moved } };
  if (key.text === ' ') {
    const choices = state.choices.map((each, at) =>
      at === state.cursor ? { ...each, picked: !each.picked } : each,
    );
    return { state: { ...state, choices } };
  }
  if (key.name === 'enter') return start(state);
  if (key.text === 'c')
    return {
      state,
      effects: [{ type: 'copy', text: ['mpkit', ...benchCommand(state)].join(' ') }],
    };
  return { state };
}

function start(state: BenchState): Reply<BenchState> {
  if (!state.choices.some(({ picked }) => picked)) return { state };
  const command = [...benchCommand(state), '--json', '--progress', 'rawjson'];
  const effects: Effect[] = [{ type: 'run', job: 'bench', command }];
  return { state: { ...state, run: emptyRun }, effects };
}

export function benchHistory(state: BenchState, stdout: string): BenchState {
  return { ...state, history: parseJson<BenchReport[]>(stdout, Array.isArray) ?? state.history };
}

/** How many times slower than native each emulator was when it was last measured, by `speedKey`. */
export function speedsOf({ history }: BenchState): ReadonlyMap<string, number> {
  const speeds = new Map<string, number>();
  for (const { emulator, cpu = '', overall } of history.flatMap(({ targets }) => targets)) {
    if (!emulator || !overall) continue;
    const key = speedKey({ digest: emulator.digest, cpu });
    if (!speeds.has(key)) speeds.set(key, overall.median);
  }
  return speeds;
}

export function speedKey({ digest, cpu }: { digest: string; cpu: string }): string {
  return `${digest} ${cpu}`;
}

/** One line of stderr: an event, or a message for the reader. */
export function benchLine(state: BenchState, line: string): BenchState {
  if (!state.run) return state;
  const event = line.startsWith('{')
    ? parseJson<BenchEvent>(line, isObjectWith('type'))
    : undefined;
  return { ...state, run: event ? reduceBench(state.run, event) : say(state.run, line) };
}

export function benchEnd(state: BenchState, code: number, stdout: string): BenchState {
  if (!state.run) return state;
  const report = parseJson<BenchReport>(stdout, hasLists('targets'));
  const status = code === 0 ? 'done' : 'failed';
  return { ...state, run: { ...state.run, status, ...(report ? { report } : {}) } };
}

export function reduceBench(run: BenchRun, event: BenchEvent): BenchRun {
  switch (event.type) {
    case 'target':
      return { ...run, targets: [...run.targets, event.target] };
    case 'calibrated':
      return {
        ...run,
        workloads: [...new Set([...run.workloads, event.workload])],
        course: advanceCourse(run.course, event),
      };
    case 'sample': {
      const key = sampleKey(event.target, event.workload);
      const samples = new Map(run.samples);
      samples.set(key, [...(samples.get(key) ?? []), event.nanoseconds].slice(-200));
      return { ...run, samples, course: advanceCourse(run.course, event) };
    }
    case 'failed':
      return say(run, `${event.target} ${event.workload}: ${event.message}`);
    case 'notice':
      return say(run, event.text);
    case 'transfer':
      return { ...run, transfers: reduceTransfers(run.transfers, event) };
  }
}

/** How many times slower than native so far: the median over turns, the mean over workloads. */
export function ratioOf(run: BenchRun, target: string): number | undefined {
  const logs = run.workloads.flatMap((workload) => {
    const own = run.samples.get(sampleKey(target, workload)) ?? [];
    const base = run.samples.get(sampleKey(native, workload)) ?? [];
    const ratios = own.flatMap((each, at) => {
      const other = base[at];
      return other === undefined ? [] : [each / other];
    });
    return ratios.length > 0 ? [Math.log(median(ratios))] : [];
  });
  if (logs.length === 0) return undefined;
  return Math.exp(logs.reduce((sum, each) => sum + each, 0) / logs.length);
}

function sampleKey(target: string, workload: string): string {
  return `${target}\n${workload}`;
}

function say(run: BenchRun, text: string): BenchRun {
  return { ...run, messages: [...run.messages, text].slice(-10) };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function keyOf({ platform, emulator = '' }: { platform: string; emulator?: string }): string {
  return `${platform} ${emulator}`;
}
