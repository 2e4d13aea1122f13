/** What a state asks the world to do: plain data, so that a test can look at it. */
export type Effect =
  /** A plain command: the words after `mpkit`. Its output and end come back as events. */
  | { type: 'run'; job: JobName; command: readonly string[] }
  | { type: 'stop'; job: JobName }
  /** The terminal belongs to the command until it ends. */
  | { type: 'interactive'; command: readonly string[] }
  | { type: 'copy'; text: string }
  | { type: 'quit' };

export type JobName =
  | 'doctor'
  | 'handlers'
  | 'emulators'
  | 'history'
  | 'inspect'
  | 'action'
  | 'build'
  | 'bench'
  | 'benches';

/** A command that the user is asked about first. */
export interface Question {
  /** What will change, a line each. */
  changes: readonly string[];
  command: readonly string[];
}

/** What is not done from here: why, and what somebody who may can type. */
export interface Refusal {
  why: readonly string[];
  command: readonly string[];
  asRoot: boolean;
}

/** A line that the user types. */
export interface Prompt {
  label: string;
  value: string;
  purpose: string;
}

/** What a screen answers to a key. */
export interface Reply<T> {
  state: T;
  effects?: readonly Effect[];
  ask?: Question;
  refuse?: Refusal;
  prompt?: Prompt;
}

/** As it would be typed; words that a shell would change are quoted. */
export function commandLine(words: readonly string[]): string {
  return ['mpkit', ...words].map(quote).join(' ');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The other way: blanks part words, quotes and backslashes keep them together. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+/g))
    words.push(
      word.replaceAll(
        /\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)"/g,
        (_, escaped, single, double) =>
          escaped ?? single ?? double.replaceAll(/\\(["\\$`])/g, '$1'),
      ),
    );
  return words;
}
