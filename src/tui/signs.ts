/**
 * The signs that the interface is drawn with: complete without Unicode where the locale has none.
 * Pure.
 */
import type { StepStatus } from './state/build.ts';

export interface Signs {
  status: Record<StepStatus, string>;
  /** In front of an emulated step's time. */
  emulated: string;
  bar: string;
  separator: string;
  /** Behind a field that left and right step through. */
  choices: string;
  /** `Up/Down`, `Left/Right` and `arrows` of a hint, as they are shown. */
  keys: readonly (readonly [name: string, shown: string])[];
}

export const unicodeSigns: Signs = {
  status: { waiting: '·', running: '▸', done: '✓', cached: '=', failed: '✗', canceled: '-' },
  emulated: '~',
  bar: '█',
  separator: '│',
  choices: '(← → …)',
  keys: [
    ['arrows', '↑↓←→'],
    ['Up/Down', '↑↓'],
    ['Left/Right', '←→'],
  ],
};

const asciiSigns: Signs = {
  status: { waiting: '.', running: '>', done: '+', cached: '=', failed: 'x', canceled: '-' },
  emulated: '~',
  bar: '#',
  separator: '|',
  choices: '(Left, Right ...)',
  keys: [],
};

export function signsFor(environment: NodeJS.ProcessEnv): Signs {
  return hasUnicode(environment) ? unicodeSigns : asciiSigns;
}

/** POSIX: the first of these that is set counts. */
export function hasUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

export function keyWord(key: string, { keys }: Signs): string {
  return keys.reduce((text, [name, shown]) => text.replace(name, shown), key);
}
