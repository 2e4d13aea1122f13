/** Looking into one log: where, and for what. */
import type { Key } from './key.ts';
import { type Log, tailOf } from './log.ts';

export interface LogView {
  /** The step. */
  id: string;
  /** Lines between the last one that is shown and the end; 0 follows. */
  back: number;
  search: string;
  /** Characters of each line that lie left of the window. */
  left?: number;
}

const sideways = 20;

export function logLines(log: Log): string[] {
  return tailOf(log, Number.MAX_SAFE_INTEGER);
}

export function logKey(view: LogView, { name, text }: Key, lines: readonly string[]): LogView {
  const bounded = (back: number) => ({
    ...view,
    back: Math.max(0, Math.min(Math.max(0, lines.length - 1), back)),
  });
  if (name === 'up') return bounded(view.back + 1);
  if (name === 'down') return bounded(view.back - 1);
  if (name === 'pageup') return bounded(view.back + 20);
  if (name === 'pagedown') return bounded(view.back - 20);
  if (name === 'left' || name === 'right') {
    const left = (view.left ?? 0) + (name === 'left' ? -sideways : sideways);
    const longest = lines.reduce((most, line) => Math.max(most, line.length), 0);
    return { ...view, left: Math.max(0, Math.min(left, longest - 1)) };
  }
  if (text === 'g') return bounded(lines.length);
  if (text === 'G') return bounded(0);
  if (text === 'n') return bounded(nextMatch(view, lines, -1));
  if (text === 'N') return bounded(nextMatch(view, lines, 1));
  return view;
}

/** The nearest older match, as from the end. */
export function startSearch(view: LogView, search: string, lines: readonly string[]): LogView {
  const sought = { ...view, search };
  const last = lines.length - 1 - view.back;
  const isHere = search !== '' && lines[last]?.toLowerCase().includes(search.toLowerCase());
  return isHere ? sought : { ...sought, back: nextMatch(sought, lines, -1) };
}

function nextMatch({ back, search }: LogView, lines: readonly string[], by: 1 | -1): number {
  if (search === '') return back;
  const wanted = search.toLowerCase();
  for (let at = lines.length - 1 - back + by; at >= 0 && at < lines.length; at += by)
    if (lines[at]?.toLowerCase().includes(wanted)) return lines.length - 1 - at;
  return back;
}
