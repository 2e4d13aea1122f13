/** A command that a question started: what it said, and how far it is. Pure. */
import type { BenchEvent } from '../../bench/index.ts';
import { advanceCourse, type BenchCourse } from './bench-course.ts';
import type { Effect } from './effect.ts';
import { isObjectWith, parseJson } from './parse.ts';
import { noTransfers, reduceTransfers, type Transfers } from './transfers.ts';

export interface Action {
  command: readonly string[];
  lines: readonly string[];
  transfers: Transfers;
  /** Of one that measures. */
  course?: BenchCourse;
  code?: number;
}

const keptLines = 200;

export function startAction(command: readonly string[]): { action: Action; effects: Effect[] } {
  const telling = [...command, ...(tellsEvents(command) ? ['--progress', 'rawjson'] : [])];
  return {
    action: { command, lines: [], transfers: noTransfers },
    effects: [{ type: 'run', job: 'action', command: telling }],
  };
}

export function actionLine(action: Action, line: string): Action {
  const event =
    tellsEvents(action.command) && line.startsWith('{')
      ? parseJson<BenchEvent>(line, isObjectWith('type'))
      : undefined;
  switch (event?.type) {
    case 'transfer':
      return { ...action, transfers: reduceTransfers(action.transfers, event) };
    case 'calibrated':
    case 'sample':
      return { ...action, course: advanceCourse(action.course, event) };
    case 'target':
      return say(action, `measures ${event.target}`);
    case 'failed':
      return say(action, `${event.target}: ${event.message}`);
    case 'notice':
      return say(action, event.text);
    default:
      return say(action, line);
  }
}

function say(action: Action, line: string): Action {
  return { ...action, lines: [...action.lines, line].slice(-keptLines) };
}

/** Those commands that have `--progress`, and events that end in no screen of their own. */
function tellsEvents([verb, second]: readonly string[]): boolean {
  return verb === 'bench' || (verb === 'emulator' && second === 'add');
}
