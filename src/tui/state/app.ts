/** The whole interface as one pure function: a state and an event give a state and effects. */
import { type Action, actionLine, startAction } from './action.ts';
import {
  type BenchState,
  benchEnd,
  benchHistory,
  benchKey,
  benchLine,
  benchReload,
  benchStart,
  withEmulators,
} from './bench.ts';
import { offerContexts, setField, startForm } from './build-form.ts';
import { type BuildScreen, buildEnd, buildKey, buildLine } from './build-screen.ts';
import type { Effect, JobName, Prompt, Question, Refusal, Reply } from './effect.ts';
import {
  addPath,
  chooseAs,
  type EmulatorsState,
  emulatorsKey,
  emulatorsReload,
  emulatorsResult,
  emulatorsStart,
} from './emulators.ts';
import {
  type HostState,
  hostKey,
  hostReload,
  hostResult,
  installTyped,
  startHost,
} from './host.ts';
import type { Key } from './key.ts';
import { logLines, startSearch } from './log-view.ts';
import {
  type ResultsState,
  resultsKey,
  resultsReload,
  resultsResult,
  resultsStart,
  runTyped,
} from './results.ts';

export const screens = ['host', 'emulators', 'bench', 'build', 'results'] as const;
export type ScreenName = (typeof screens)[number];

export interface AppState {
  screen: ScreenName;
  isHelpOpen: boolean;
  question?: Question;
  refusal?: Refusal | undefined;
  prompt?: Prompt;
  /** Asked to leave while something runs. */
  isLeaving?: boolean;
  /** The command that a question started, until its end was seen. */
  action?: Action;
  host: HostState;
  emulators: EmulatorsState;
  bench: BenchState;
  build: BuildScreen;
  results: ResultsState;
}

export type AppEvent =
  | { type: 'key'; key: Key; at: number }
  | { type: 'line'; job: JobName; stream: 'stdout' | 'stderr'; line: string }
  /** `stdout`: all of it, of a command that was asked for data. */
  | { type: 'exit'; job: JobName; code: number; stdout: string; at: number }
  /** Somebody else changed the handlers. */
  | { type: 'handlers changed' };

export type Update = [state: AppState, effects: readonly Effect[]];

export interface AppStart {
  folder: string;
  platform: string;
  isRoot: boolean;
}

export function startApp({ folder, platform, isRoot }: AppStart): Update {
  const state: AppState = {
    screen: 'host',
    isHelpOpen: false,
    host: startHost({ platform, isRoot }),
    emulators: emulatorsStart,
    bench: benchStart,
    build: { form: startForm(folder, platform) },
    results: resultsStart,
  };
  return [state, [...hostReload, ...emulatorsReload, ...resultsReload, ...benchReload]];
}

export function updateApp(state: AppState, event: AppEvent): Update {
  switch (event.type) {
    case 'key':
      return pressed(state, event.key, event.at);
    case 'line':
      return [addLine(state, event), []];
    case 'exit':
      return ended(state, event);
    case 'handlers changed':
      // while our own command changes them, its end is soon enough
      return [state, isActing(state) ? [] : hostReload];
  }
}

function pressed(state: AppState, key: Key, at: number): Update {
  if (key.name === 'interrupt') return [state, [{ type: 'quit' }]];
  if (state.prompt) return promptKey(state, state.prompt, key);
  if (state.question) return questionKey(state, state.question, key);
  if (state.refusal) return [{ ...state, refusal: undefined }, []];
  if (state.action) return actionKey(state, state.action, key);
  if (state.isLeaving)
    return key.text === 'q' ? [state, [{ type: 'quit' }]] : [{ ...state, isLeaving: false }, []];
  if (state.isHelpOpen) return [{ ...state, isHelpOpen: false }, []];
  if (key.text === '?') return [{ ...state, isHelpOpen: true }, []];
  if (key.text === 'q')
    return isRunning(state) ? [{ ...state, isLeaving: true }, []] : [state, [{ type: 'quit' }]];
  const at5 = ['1', '2', '3', '4', '5'].indexOf(key.text);
  if (at5 >= 0) return [{ ...state, screen: screens[at5] ?? state.screen }, []];
  if (key.name === 'tab') {
    const next = screens[(screens.indexOf(state.screen) + 1) % screens.length];
    return [{ ...state, screen: next ?? state.screen }, []];
  }
  return screenKey(state, key, at);
}

function screenKey(state: AppState, key: Key, at: number): Update {
  switch (state.screen) {
    case 'host':
      return apply(state, hostKey(state.host, key), (host) => ({ host }));
    case 'emulators':
      return apply(state, emulatorsKey(state.emulators, key), (emulators) => ({ emulators }));
    case 'bench':
      return apply(state, benchKey(state.bench, key), (bench) => ({ bench }));
    case 'build':
      return apply(state, buildKey(state.build, key, at), (build) => ({ build }));
    case 'results':
      return apply(state, resultsKey(state.results, key), (results) => ({ results }));
  }
}

function apply<T>(state: AppState, reply: Reply<T>, put: (part: T) => Partial<AppState>): Update {
  const { ask, refuse, prompt, effects = [] } = reply;
  const changed = {
    ...state,
    ...put(reply.state),
    ...(ask ? { question: ask } : {}),
    ...(refuse ? { refusal: refuse } : {}),
    ...(prompt ? { prompt } : {}),
  };
  return [changed, effects];
}

function questionKey(state: AppState, { command }: Question, key: Key): Update {
  const { question: _, ...answered } = state;
  if (key.text === 'y') {
    const { action, effects } = startAction(command);
    return [{ ...answered, action }, effects];
  }
  return key.text === 'n' || key.name === 'escape' ? [answered, []] : [state, []];
}

/** Something that would be lost. */
function isRunning({ build, bench }: AppState): boolean {
  return build.run?.status === 'running' || bench.run?.status === 'running';
}

function isActing({ action }: AppState): boolean {
  return action !== undefined && action.code === undefined;
}

function actionKey(state: AppState, { code }: Action, key: Key): Update {
  const { action: _, ...seen } = state;
  if (code !== undefined) return [seen, []];
  return [state, key.text === 'x' ? [{ type: 'stop', job: 'action' }] : []];
}

function promptKey(state: AppState, prompt: Prompt, key: Key): Update {
  const { prompt: _, ...closed } = state;
  const typed = (value: string): Update => [{ ...state, prompt: { ...prompt, value } }, []];
  if (key.name === 'escape') return [closed, []];
  if (key.name === 'backspace') return typed([...prompt.value].slice(0, -1).join(''));
  if (key.name === 'erase') return typed('');
  if (key.name === 'text') return typed(prompt.value + key.text);
  return key.name === 'enter' ? answered(closed, prompt) : [state, []];
}

function answered(state: AppState, { purpose, value }: Prompt): Update {
  if (purpose === 'emulator')
    return [value === '' ? state : { ...state, question: addPath(value) }, []];
  if (purpose === 'cpu model') {
    const question = chooseAs(state.emulators, value);
    return [{ ...state, ...(question ? { question } : {}) }, []];
  }
  if (purpose === 'install')
    return apply(state, installTyped(state.host, value), (host) => ({ host }));
  if (purpose === 'run')
    return [state, state.results.open ? runTyped(state.results.open, value) : []];
  if (purpose === 'search') {
    const { run } = state.build;
    const step = run?.log && run.build.steps.get(run.log.id);
    if (!run?.log || !step) return [state, []];
    const log = startSearch(run.log, value, logLines(step.log));
    return [{ ...state, build: { ...state.build, run: { ...run, log } } }, []];
  }
  const form = setField(state.build.form, purpose, value);
  return [{ ...state, build: { ...state.build, form } }, []];
}

function addLine(state: AppState, event: AppEvent & { type: 'line' }): AppState {
  const { job, stream, line } = event;
  if (job === 'build' && stream === 'stderr')
    return { ...state, build: buildLine(state.build, line) };
  if (job === 'bench' && stream === 'stderr')
    return { ...state, bench: benchLine(state.bench, line) };
  if (job !== 'action' || !state.action) return state;
  return { ...state, action: actionLine(state.action, line) };
}

function ended(state: AppState, { job, code, stdout, at }: AppEvent & { type: 'exit' }): Update {
  switch (job) {
    case 'doctor':
    case 'handlers':
      return [{ ...state, host: hostResult(state.host, job, stdout) }, []];
    case 'emulators': {
      const emulators = emulatorsResult(state.emulators, stdout);
      return [{ ...state, emulators, bench: withEmulators(state.bench, emulators.list) }, []];
    }
    case 'history':
    case 'inspect': {
      const results = resultsResult(state.results, job, stdout);
      const contexts = results.builds.map(({ context }) => context);
      const form = offerContexts(state.build.form, contexts);
      return [{ ...state, results, build: { ...state.build, form } }, []];
    }
    case 'build':
      return [{ ...state, build: buildEnd(state.build, code, at) }, resultsReload];
    case 'bench':
      return [{ ...state, bench: benchEnd(state.bench, code, stdout) }, benchReload];
    case 'benches':
      return [{ ...state, bench: benchHistory(state.bench, stdout) }, []];
    case 'action': {
      const action = state.action && { ...state.action, code };
      const measured = action?.command[0] === 'bench' ? benchReload : [];
      const effects = [...hostReload, ...emulatorsReload, ...measured];
      return [{ ...state, ...(action ? { action } : {}) }, effects];
    }
  }
}
