/** The build screen: a form, then the matrix of what runs, then the log of any cell. */
import { type BuildState, reduceBuild, type StepState, startBuild } from './build.ts';
import { type BuildForm, formCommand, stepField } from './build-form.ts';
import { decodeProgress, decoderStart, type ProgressDecoder } from './decode-progress.ts';
import { commandLine, type Reply } from './effect.ts';
import { type Key, moveCursor } from './key.ts';
import { type LogView, logKey, logLines } from './log-view.ts';
import { matrixOf } from './matrix.ts';

export interface BuildScreen {
  form: BuildForm;
  run?: BuildRun;
}

export interface BuildRun {
  command: readonly string[];
  build: BuildState;
  decoder: ProgressDecoder;
  /** What the command said beside its progress: the error at the end. */
  messages: readonly string[];
  status: 'running' | 'done' | 'failed';
  cursor: { row: number; column: number };
  /** The cursor stays with what runs until somebody moves it. */
  isFollowing: boolean;
  log?: LogView;
}

/** Lines that are kept of each step, for reading and searching after the end. */
export const keptLogLines = 5000;

export function buildKey(state: BuildScreen, key: Key, at: number): Reply<BuildScreen> {
  if (!state.run) return formKey(state, key, at);
  return state.run.log
    ? openLogKey(state, state.run, state.run.log, key)
    : matrixKey(state, state.run, key, at);
}

/** One line of the command's stderr. */
export function buildLine(state: BuildScreen, line: string): BuildScreen {
  const { run } = state;
  if (!run) return state;
  const decoded = decodeProgress(run.decoder, line);
  if (!decoded) return { ...state, run: { ...run, messages: [...run.messages, line].slice(-100) } };
  const build = decoded.events.reduce(
    (before, event) => reduceBuild(before, event, { lines: keptLogLines }),
    run.build,
  );
  const cursor = (run.isFollowing && nextRunning(build)) || run.cursor;
  return { ...state, run: { ...run, build, cursor, decoder: decoded.decoder } };
}

/** Failures first: the cursor goes to one. */
export function buildEnd(state: BuildScreen, code: number, at: number): BuildScreen {
  const { run } = state;
  if (!run) return state;
  const build = reduceBuild(run.build, { type: 'ended', at });
  const messages =
    code === 0 || run.messages.length > 0
      ? run.messages
      : [`mpkit build ended with status ${code}`];
  const cursor = nextFailure(build, run.cursor) ?? run.cursor;
  return {
    ...state,
    run: { ...run, build, cursor, messages, status: code === 0 ? 'done' : 'failed' },
  };
}

export function stepAt({ build, cursor }: BuildRun): StepState | undefined {
  return matrixOf(build).rows[cursor.row]?.cells[cursor.column];
}

export function startRun(state: BuildScreen, command: readonly string[], at: number) {
  const run: BuildRun = {
    ...{ command, build: startBuild(at), decoder: decoderStart, messages: [] },
    ...{ status: 'running', cursor: { row: 0, column: 0 }, isFollowing: true },
  };
  return {
    state: { ...state, run },
    // the last one counts, whatever was typed as more options
    effects: [
      {
        type: 'run' as const,
        job: 'build' as const,
        command: [...command, '--progress', 'rawjson'],
      },
    ],
  };
}

function formKey(state: BuildScreen, key: Key, at: number): Reply<BuildScreen> {
  const { form } = state;
  const moved = moveCursor(form.cursor, key, form.fields.length);
  if (moved !== undefined) return { state: { ...state, form: { ...form, cursor: moved } } };
  if (key.name === 'left' || key.name === 'right')
    return { state: { ...state, form: stepField(form, key.name === 'left' ? -1 : 1) } };
  const field = form.fields[form.cursor];
  if (key.name === 'enter' && field)
    return { state, prompt: { label: field.label, value: field.value, purpose: field.name } };
  if (key.text === 'b') return startRun(state, formCommand(form), at);
  if (key.text === 'c')
    return { state, effects: [{ type: 'copy', text: commandLine(formCommand(form)) }] };
  return { state };
}

function matrixKey(state: BuildScreen, run: BuildRun, key: Key, at: number): Reply<BuildScreen> {
  const { rows, platforms } = matrixOf(run.build);
  const change = (more: Partial<BuildRun>) => ({ state: { ...state, run: { ...run, ...more } } });
  const row = moveCursor(run.cursor.row, key, rows.length);
  if (row !== undefined) return change({ cursor: { ...run.cursor, row }, isFollowing: false });
  if (key.name === 'left' || key.name === 'right') {
    const moved = run.cursor.column + (key.name === 'left' ? -1 : 1);
    const column = Math.max(0, Math.min(platforms.length - 1, moved));
    return change({ cursor: { ...run.cursor, column }, isFollowing: false });
  }
  const step = stepAt(run);
  if (key.name === 'enter' && step)
    return change({ log: { id: step.label.id, back: 0, search: '' } });
  const isRunning = run.status === 'running';
  if (key.text === 'x' && isRunning) return { state, effects: [{ type: 'stop', job: 'build' }] };
  if (key.text === 'c')
    return { state, effects: [{ type: 'copy', text: commandLine(run.command) }] };
  if (key.text === 'f') return change({ cursor: nextFailure(run.build, run.cursor) ?? run.cursor });
  if (key.text === 'r' && !isRunning) return startRun(state, run.command, at);
  if ((key.text === 'e' || key.name === 'escape') && !isRunning) {
    const { run: _, ...form } = state;
    return { state: form };
  }
  return { state };
}

function openLogKey(state: BuildScreen, run: BuildRun, log: LogView, key: Key): Reply<BuildScreen> {
  if (key.name === 'escape') {
    const { log: _, ...closed } = run;
    return { state: { ...state, run: closed } };
  }
  if (key.text === '/')
    return { state, prompt: { label: 'search', value: log.search, purpose: 'search' } };
  const step = run.build.steps.get(log.id);
  const lines = step ? logLines(step.log) : [];
  return { state: { ...state, run: { ...run, log: logKey(log, key, lines) } } };
}

/** The lowest that runs, of the first platform that has one. */
function nextRunning(build: BuildState): BuildRun['cursor'] | undefined {
  const { rows } = matrixOf(build);
  const row = rows.findLastIndex(({ cells }) => cells.some((cell) => cell?.status === 'running'));
  const column = rows[row]?.cells.findIndex((cell) => cell?.status === 'running');
  return column === undefined ? undefined : { row, column };
}

/** The next one after the cursor, column by column in each row, around the end. */
function nextFailure(build: BuildState, cursor: BuildRun['cursor']) {
  const { rows, platforms } = matrixOf(build);
  const failed = rows.flatMap(({ cells }, row) =>
    cells.flatMap((cell, column) => (cell?.status === 'failed' ? [{ row, column }] : [])),
  );
  const place = ({ row, column }: BuildRun['cursor']) => row * platforms.length + column;
  return failed.find((each) => place(each) > place(cursor)) ?? failed[0];
}
