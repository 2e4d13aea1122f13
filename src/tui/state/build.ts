/** A build as its events tell it: the pure reducer behind the live view, the summary and the app. */
import type { BuildEvent, PlannedPlatform, VertexLabel } from '../../builder/events.ts';
import { addToLog, emptyLog, type Log } from './log.ts';
import { noTransfers, reduceTransfers, type Transfers } from './transfers.ts';

export interface BuildState {
  /** Columns, in the order asked for; empty until the plan is known. */
  platforms: readonly PlatformPlan[];
  steps: ReadonlyMap<string, StepState>;
  /** The last few. */
  notices: readonly string[];
  /** Those that run. */
  transfers: Transfers;
  startedAt: number;
  endedAt?: number;
}

export interface PlatformPlan {
  platform: string;
  /** Of steps, inputs first; shared ones appear in several platforms. */
  ids: readonly string[];
}

export type StepStatus = 'waiting' | 'running' | 'done' | 'cached' | 'failed' | 'canceled';

export interface StepState {
  label: VertexLabel;
  status: StepStatus;
  /** Undefined where nothing is executed. */
  kind?: 'native' | 'emulated' | undefined;
  emulator?: string | undefined;
  startedAt?: number | undefined;
  endedAt?: number | undefined;
  /** Milliseconds that it took when it was last executed. */
  last?: number | undefined;
  message?: string | undefined;
  log: Log;
}

/** Beside the events of the build, what only a view knows. */
export type BuildViewEvent =
  | BuildEvent
  | { type: 'history'; durations: ReadonlyMap<string, number> }
  | { type: 'ended'; at: number };

export interface BuildLimits {
  /** Lines that are kept of each step. */
  lines: number;
}

const keptNotices = 5;

export function startBuild(at: number): BuildState {
  const nothing = { platforms: [], steps: new Map(), notices: [], transfers: noTransfers };
  return { ...nothing, startedAt: at };
}

export function reduceBuild(
  state: BuildState,
  event: BuildViewEvent,
  limits: BuildLimits = { lines: 200 },
): BuildState {
  switch (event.type) {
    case 'plan':
      return plan(state, event.platforms);
    case 'notice':
      return { ...state, notices: [...state.notices, event.text].slice(-keptNotices) };
    case 'started':
      return change(state, event.vertex, { status: 'running', startedAt: event.at });
    case 'log':
      return change(state, event.vertex, (step) => ({
        log: addToLog(step.log, event.chunk, limits.lines),
      }));
    case 'cached':
      return change(state, event.vertex, { status: 'cached' });
    case 'done':
      return change(state, event.vertex, { status: 'done', endedAt: event.at });
    case 'failed':
      return change(state, event.vertex, {
        status: 'failed',
        endedAt: event.at,
        message: event.message,
      });
    case 'canceled':
      return change(state, event.vertex, { status: 'canceled' });
    case 'transfer':
      return { ...state, transfers: reduceTransfers(state.transfers, event) };
    case 'history':
      return withHistory(state, event.durations);
    case 'ended':
      return { ...stopped(state), transfers: noTransfers, endedAt: event.at };
  }
}

/** Milliseconds that it ran, so far or altogether. */
export function elapsedOf(step: StepState, now: number): number {
  if (step.startedAt === undefined) return 0;
  const end = step.endedAt ?? (step.status === 'running' ? now : step.startedAt);
  return Math.max(0, end - step.startedAt);
}

function plan(state: BuildState, planned: PlannedPlatform[]): BuildState {
  const steps = new Map(state.steps);
  for (const { vertices } of planned)
    for (const label of vertices) if (!steps.has(label.id)) steps.set(label.id, fresh(label));
  for (const { label, kind, emulator } of planned.flatMap((each) => each.steps))
    steps.set(label.id, { ...(steps.get(label.id) ?? fresh(label)), kind, emulator });
  const platforms = planned.map(({ platform, vertices }) => ({
    platform,
    ids: vertices.map(({ id }) => id),
  }));
  return { ...state, platforms, steps };
}

type Change = Partial<StepState> | ((step: StepState) => Partial<StepState>);

/** A step that no plan named still gets a row: nothing that happened is hidden. */
function change(state: BuildState, label: VertexLabel, how: Change): BuildState {
  const known = state.steps.get(label.id);
  const step = known ?? fresh(label);
  const steps = new Map(state.steps);
  steps.set(label.id, { ...step, ...(typeof how === 'function' ? how(step) : how) });
  return { ...state, steps, platforms: known ? state.platforms : added(state.platforms, label) };
}

function added(platforms: readonly PlatformPlan[], { id, platform }: VertexLabel): PlatformPlan[] {
  const target = platform.split('->').at(-1) ?? platform;
  if (!platforms.some((each) => each.platform === target))
    return [...platforms, { platform: target, ids: [id] }];
  return platforms.map((each) =>
    each.platform === target ? { ...each, ids: [...each.ids, id] } : each,
  );
}

/** What a killed build left without an end does not run any more. */
function stopped(state: BuildState): BuildState {
  const steps = new Map<string, StepState>();
  for (const [id, step] of state.steps)
    steps.set(id, step.status === 'running' ? { ...step, status: 'canceled' } : step);
  return { ...state, steps };
}

function withHistory(state: BuildState, durations: ReadonlyMap<string, number>): BuildState {
  const steps = new Map<string, StepState>();
  for (const [id, step] of state.steps)
    steps.set(id, { ...step, last: durations.get(id) ?? step.last });
  return { ...state, steps };
}

function fresh(label: VertexLabel): StepState {
  return { label, status: 'waiting', log: emptyLog };
}
