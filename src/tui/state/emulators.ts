/** The emulators that mpkit keeps: `mpkit emulator`. */
import type { Effect, Prompt, Question, Reply } from './effect.ts';
import { type Key, moveCursor } from './key.ts';
import { parseJson } from './parse.ts';

export interface EmulatorsState {
  list: readonly Emulator[];
  isLoading: boolean;
  cursor: number;
}

export interface Emulator {
  architecture: string;
  version: string;
  digest: string;
  size: number;
  source: { kind: string; from: string };
  /** The model that it runs as; `default` is its own. */
  cpu: string;
  /** By builds, runs and benchmarks: because it is the newest, or because it was chosen. */
  used: boolean;
  chosen: boolean;
}

export const emulatorsStart: EmulatorsState = { list: [], isLoading: true, cursor: 0 };

export const emulatorsReload: readonly Effect[] = [
  { type: 'run', job: 'emulators', command: ['emulator', 'ls', '--json'] },
];

export function emulatorsKey(state: EmulatorsState, key: Key): Reply<EmulatorsState> {
  const moved = moveCursor(state.cursor, key, state.list.length);
  if (moved !== undefined) return { state: { ...state, cursor: moved } };
  const chosen = state.list[state.cursor];
  const offer = choicesFor(state);
  if (key.name === 'enter') return chosen && offer.use ? { state, ask: use(chosen) } : { state };
  switch (key.text) {
    case 'm':
      return chosen && offer.use ? { state, prompt: modelPrompt(chosen) } : { state };
    case 'd':
      return chosen && offer.undo ? { state, ask: undo(chosen) } : { state };
    case 'a':
      return { state, ask: addAll };
    case 'n':
      return {
        state,
        prompt: { label: 'path of a static QEMU user emulator', value: '', purpose: 'emulator' },
      };
    case 'x':
      return chosen ? { state, ask: remove(chosen) } : { state };
    case 'c':
      return chosen && offer.use ? { state, ask: measure(chosen) } : { state };
    case 'r':
      return { state: { ...state, isLoading: true }, effects: emulatorsReload };
    default:
      return { state };
  }
}

export function emulatorsResult(state: EmulatorsState, stdout: string): EmulatorsState {
  const list = parseJson<Emulator[]>(stdout, Array.isArray) ?? state.list;
  const cursor = Math.max(0, Math.min(state.cursor, list.length - 1));
  return { list, isLoading: false, cursor };
}

export function addPath(path: string) {
  return {
    changes: [`copies \`${path}\` into the state folder`],
    command: ['emulator', 'add', path],
  };
}

/** What can be decided about the CPU under the cursor: nothing where the host runs it itself. */
export function choicesFor({ list, cursor }: EmulatorsState): { use: boolean; undo: boolean } {
  const here = list[cursor];
  const rivals = list.filter(({ architecture }) => architecture === here?.architecture);
  return { use: rivals.some(({ used }) => used), undo: rivals.some(({ chosen }) => chosen) };
}

/** The answer to `modelPrompt`; nothing typed means what mpkit takes by itself. */
export function chooseAs({ list, cursor }: EmulatorsState, model: string): Question | undefined {
  const here = list[cursor];
  return here && use(here, model.trim());
}

function modelPrompt({ architecture, cpu }: Emulator): Prompt {
  return {
    label: `CPU model of ${architecture}, as in QEMU_CPU (now ${cpu})`,
    ...{ value: '', purpose: 'cpu model' },
  };
}

function use({ architecture, version, digest }: Emulator, model = ''): Question {
  return {
    changes: [
      `tries QEMU ${version}${model && ` as CPU ${model}`}, and uses it for linux/${architecture} from now on:`,
      'in builds, runs and benchmarks that name no other, also when a newer one is added',
    ],
    command: chooseCommand(architecture, shortDigest(digest), ...(model ? ['--cpu', model] : [])),
  };
}

function undo({ architecture }: Emulator): Question {
  return {
    changes: [`takes back what was chosen for linux/${architecture}: the newest is used again`],
    command: chooseCommand(architecture, '--default'),
  };
}

export function chooseCommand(...words: string[]): string[] {
  return ['emulator', 'choose', ...words];
}

export function measureCommand(architecture: string): string[] {
  return ['bench', '--emulators', '--keep', '--platform', `linux/${architecture}`];
}

const addAll = {
  changes: ['fetches the emulators of every CPU, some 70 MB, into the state folder'],
  command: ['emulator', 'add'],
};

function remove({ architecture, version, digest }: Emulator) {
  return {
    changes: [`removes QEMU ${version} for ${architecture} from the state folder`],
    command: ['emulator', 'rm', shortDigest(digest)],
  };
}

function measure({ architecture }: Emulator) {
  return {
    changes: [
      `measures every emulator and CPU model of linux/${architecture}, which takes minutes,`,
      'and keeps the fastest for builds and runs',
    ],
    command: measureCommand(architecture),
  };
}

export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}
