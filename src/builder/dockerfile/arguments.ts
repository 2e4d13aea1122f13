/** The part of an instruction after its flags, taken apart the way its keyword asks for. */
import { MpkitError } from '../../errors.ts';
import type { Escape } from './directives.ts';
import { parseExecForm } from './exec-form.ts';
import { splitWords } from './words.ts';

export interface Arguments {
  arguments: string[];
  json: boolean;
}

/** Throws `dockerfile-syntax` for wrong pairs and wrong JSON elements; unknown keywords get none. */
export function readArguments(keyword: string, rest: string, escapeChar: Escape): Arguments {
  const read = readers.get(keyword.toLowerCase());
  return read ? read(rest, escapeChar, keyword) : plain([]);
}

type Reader = (rest: string, escapeChar: Escape, keyword: string) => Arguments;

const readers = new Map<string, Reader>([
  ['add', jsonOrBlankSeparated],
  ['arg', (rest, escapeChar) => plain(splitWords(rest, escapeChar))],
  ['cmd', jsonOrText],
  ['copy', jsonOrBlankSeparated],
  ['entrypoint', jsonOrText],
  ['env', pairs],
  ['expose', (rest) => plain(blankSeparated(rest))],
  ['from', (rest) => plain(blankSeparated(rest))],
  ['healthcheck', wordThenJsonOrText],
  ['label', pairs],
  ['maintainer', (rest) => plain(wholeText(rest))],
  ['run', jsonOrText],
  ['shell', jsonOrText],
  ['stopsignal', (rest) => plain(wholeText(rest))],
  ['user', (rest) => plain(wholeText(rest))],
  ['volume', jsonOrBlankSeparated],
  ['workdir', (rest) => plain(wholeText(rest))],
]);

function plain(words: string[]): Arguments {
  return { arguments: words, json: false };
}

function jsonOrText(rest: string): Arguments {
  const argv = parseExecForm(rest);
  return argv ? { arguments: argv, json: true } : plain(wholeText(rest));
}

function jsonOrBlankSeparated(rest: string): Arguments {
  const argv = parseExecForm(rest);
  return argv ? { arguments: argv, json: true } : plain(blankSeparated(rest));
}

/** `HEALTHCHECK CMD …`: a kind, then a command of its own. */
function wordThenJsonOrText(rest: string): Arguments {
  const [kind, command] = splitAtBlank(rest);
  if (kind === '') return plain([]);
  const { arguments: words, json } = jsonOrText(command);
  return { arguments: [kind, ...words], json };
}

function pairs(rest: string, escapeChar: Escape, keyword: string): Arguments {
  const words = splitWords(rest, escapeChar);
  if (words.length === 0) return plain([]);
  if (!words[0]!.includes('=')) {
    const [key, value] = splitAtBlank(rest);
    if (value === '')
      throw new MpkitError(
        'dockerfile-syntax',
        `\`${keyword.toUpperCase()}\` needs a value for \`${key}\``,
        { hint: `write \`${keyword.toUpperCase()} ${key}=value\`` },
      );
    return plain([key, value, '']);
  }
  return plain(words.flatMap((word) => splitPair(word, keyword)));
}

function splitPair(word: string, keyword: string): [string, string, string] {
  const equals = word.indexOf('=');
  if (equals < 0)
    throw new MpkitError(
      'dockerfile-syntax',
      `\`${keyword.toUpperCase()}\` has \`${word}\` where \`key=value\` was expected`,
      { hint: 'put a value with blanks in quotes' },
    );
  return [word.slice(0, equals), word.slice(equals + 1), '='];
}

function wholeText(rest: string): string[] {
  return rest === '' ? [] : [rest];
}

function blankSeparated(rest: string): string[] {
  return rest === '' ? [] : rest.split(/[\t\v\f\r ]+/);
}

function splitAtBlank(rest: string): [first: string, rest: string] {
  const end = rest.search(/[\t\v\f\r ]/);
  return end < 0 ? [rest, ''] : [rest.slice(0, end), rest.slice(end).trimStart()];
}
