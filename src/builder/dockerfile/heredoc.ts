/** Here-documents of RUN, COPY and ADD: `<<NAME` in the line, the body in the lines below. */
import { MpkitError } from '../../errors.ts';

export interface HereDocument extends Opener {
  /** The lines up to the terminator, byte for byte, leading tabs of `<<-` included. */
  body: string;
}

export interface Opener {
  name: string;
  /** Whether variables count in the body: no part of the word was quoted. */
  expand: boolean;
  /** `<<-`: leading tabs of body and terminator do not count. */
  stripTabs: boolean;
  /** The file descriptor before `<<`; 0 where none is written. */
  descriptor: number;
}

/** The openers of one joined line, in order; none when a quote in it stays open. */
export function findHereDocuments(line: string): Opener[] {
  if (!line.includes('<<')) return [];
  return splitShellWords(line)
    .map(parseOpener)
    .filter((opener) => opener !== undefined);
}

/** Reads the body and its terminator line; throws `dockerfile-syntax` where none comes. */
export function readBody(cursor: { lines: string[]; next: number }, opener: Opener): string {
  const body: string[] = [];
  while (cursor.next < cursor.lines.length) {
    const line = cursor.lines[cursor.next]!;
    cursor.next += 1;
    const end = opener.stripTabs ? line.replace(/^\t+/, '') : line;
    if (end === opener.name || end === `${opener.name}\r`) return body.join('');
    body.push(`${line}\n`);
  }
  throw new MpkitError(
    'dockerfile-syntax',
    `here-document \`${opener.name}\` does not end: expected a line \`${opener.name}\``,
  );
}

function parseOpener(word: string): Opener | undefined {
  const match = /^(\d{0,9})<<(-?)([^<]+)$/.exec(word);
  if (match === null) return undefined;
  const [, descriptor, dash, quoted] = match as unknown as [string, string, string, string];
  const { name, expand } = removeQuotes(quoted);
  if (name === '') return undefined;
  return { name, expand, stripTabs: dash === '-', descriptor: Number(descriptor) };
}

/** Words with their quotes and escapes; here the escape character is always a backslash. */
function splitShellWords(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote: string | undefined;
  let braces = 0;
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (quote === undefined && braces === 0 && /\s/.test(char)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    word += char;
    if (char === '\\' && quote !== "'") word += line[++at] ?? '';
    else if (char === quote) quote = undefined;
    else if (quote !== undefined) continue;
    else if (char === "'" || char === '"') quote = char;
    else if (char === '$' && line[at + 1] === '{') braces += 1;
    else if (char === '}' && braces > 0) braces -= 1;
  }
  if (quote !== undefined) return [];
  if (word !== '') words.push(word);
  return words;
}

function removeQuotes(word: string): { name: string; expand: boolean } {
  let name = '';
  let quote: string | undefined;
  let expand = true;
  for (let at = 0; at < word.length; at++) {
    const char = word[at]!;
    const escapes = quote !== "'" && (quote === undefined || '"$\\'.includes(word[at + 1] ?? ' '));
    if (char === '\\' && escapes) name += word[++at] ?? '';
    else if (char === quote) quote = undefined;
    else if (quote === undefined && (char === "'" || char === '"')) {
      quote = char;
      expand = false;
    } else name += char;
  }
  return { name, expand };
}
