/** The emulators that mpkit keeps: `mpkit emulator`. */
import type { Effect, Reply } from './effect.ts';
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
}

export const emulatorsStart: EmulatorsState = { list: [], isLoading: true, cursor: 0 };

export const emulatorsReload: readonly Effect[] = [
  { type: 'run', job: 'emulators', command: ['emulator', 'ls', '--json'] },
];

export function emulatorsKey(state: EmulatorsState, key: Key): Reply<EmulatorsState> {
  const moved = moveCursor(state.cursor, key, state.list.length);
  if (moved !== undefined) return { state: { ...state, cursor: moved } };
  const chosen = state.list[state.cursor];
  switch (key.text) {
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
      return chosen ? { state, ask: choose(chosen) } : { state };
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

function choose({ architecture }: Emulator) {
  return {
    changes: [
      `measures every emulator and CPU model of linux/${architecture}, which takes minutes,`,
      'and keeps the fastest for builds and runs',
    ],
    command: ['bench', '--emulators', '--keep', '--platform', `linux/${architecture}`],
  };
}

export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}
