/** What was built here: `mpkit history`, and `mpkit run` in a variant. */
import type { Effect, Reply } from './effect.ts';
import { splitWords } from './effect.ts';
import { type Key, moveCursor } from './key.ts';
import { parseJson } from './parse.ts';

export interface ResultsState {
  builds: readonly BuiltRecord[];
  isLoading: boolean;
  cursor: number;
  /** The build that is looked into. */
  open?: OpenBuild;
}

export interface OpenBuild {
  context: string;
  images: readonly Image[];
  outputs: readonly { dest: string; tar: boolean }[];
  /** Which image. */
  cursor: number;
  /** First line of the description that is shown. */
  scroll: number;
}

export interface BuiltRecord {
  context: string;
  startedAt: number;
  seconds: number;
  status: string;
  platforms: readonly string[];
  command: readonly string[];
  outputs: readonly { dest: string; tar: boolean }[];
}

export interface Image {
  platform: string;
  digest: string;
  layers?: readonly { digest: string; size: number }[];
  config?: Readonly<Record<string, unknown>>;
  history?: readonly { created_by?: string; empty_layer?: boolean }[];
}

export const resultsStart: ResultsState = { builds: [], isLoading: true, cursor: 0 };

export const resultsReload: readonly Effect[] = [
  { type: 'run', job: 'history', command: ['history', 'ls', '--json'] },
];

export function resultsKey(state: ResultsState, key: Key): Reply<ResultsState> {
  if (state.open) return openKey(state, state.open, key);
  const moved = moveCursor(state.cursor, key, state.builds.length);
  if (moved !== undefined) return { state: { ...state, cursor: moved } };
  const chosen = state.builds[state.cursor];
  if (key.name === 'enter' && chosen)
    return {
      state: { ...state, isLoading: true },
      effects: [
        { type: 'run', job: 'inspect', command: ['history', 'inspect', chosen.context, '--json'] },
      ],
    };
  if (key.text === 'r') return { state: { ...state, isLoading: true }, effects: resultsReload };
  return { state };
}

export function resultsResult(state: ResultsState, job: string, stdout: string): ResultsState {
  if (job === 'history') {
    const builds = parseJson<BuiltRecord[]>(stdout, Array.isArray) ?? [];
    const cursor = Math.max(0, Math.min(state.cursor, builds.length - 1));
    return { ...state, builds, isLoading: false, cursor };
  }
  const [found] = parseJson<(BuiltRecord & { images: Image[] })[]>(stdout, Array.isArray) ?? [];
  if (!found) return { ...state, isLoading: false };
  const { context, images, outputs } = found;
  return { ...state, isLoading: false, open: { context, images, outputs, cursor: 0, scroll: 0 } };
}

/**
 * The command that starts a program in a variant: in what the cache holds, which is exactly this
 * build's, else in what was written; undefined where neither is left.
 */
export function runCommand(open: OpenBuild, words: readonly string[]): string[] | undefined {
  const image = open.images[open.cursor];
  const written = open.outputs.find(({ dest }) => dest !== '-');
  const place = image?.layers ? image.digest : written && placeOf(written);
  if (!image || place === undefined) return undefined;
  return ['run', '--platform', image.platform, place, '--', ...words];
}

function placeOf({ dest, tar }: { dest: string; tar: boolean }): string {
  return tar ? `oci-archive:${dest}` : `oci-layout://${dest}`;
}

/** A line that was typed after `c`. */
export function runTyped(open: OpenBuild, text: string): Effect[] {
  const command = runCommand(open, splitWords(text));
  return command && text.trim() !== '' ? [{ type: 'interactive', command }] : [];
}

function openKey(state: ResultsState, open: OpenBuild, key: Key): Reply<ResultsState> {
  const change = (more: Partial<OpenBuild>) => ({
    state: { ...state, open: { ...open, ...more } },
  });
  const { open: _, ...closed } = state;
  const shell = runCommand(open, ['sh']);
  if (key.name === 'escape') return { state: closed };
  if (key.name === 'left' || key.name === 'right') {
    const moved = open.cursor + (key.name === 'left' ? -1 : 1);
    return change({ cursor: Math.max(0, Math.min(open.images.length - 1, moved)), scroll: 0 });
  }
  const scrolled = moveCursor(open.scroll, key, 1000);
  if (scrolled !== undefined) return change({ scroll: scrolled });
  if (key.text === 's' && shell)
    return { state, effects: [{ type: 'interactive', command: shell }] };
  if (key.text === 'c' && shell)
    return {
      state,
      prompt: { label: 'command to run in this variant', value: '', purpose: 'run' },
    };
  return { state };
}
