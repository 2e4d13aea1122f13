/**
 * Quotes, escapes and variables of a Dockerfile word (Dockerfile reference, "Environment
 * replacement"). Results are capped, because a few lines that each double a value would otherwise
 * fill the memory.
 */
import { MpkitError } from '../../errors.ts';
import { compilePattern, replacePattern, trimPrefix, trimSuffix } from './pattern.ts';

/** The value of a variable; `undefined` when it is not set. */
export type Variables = (name: string) => string | undefined;

/**
 * Expands one word to one string; blanks in it stay. Throws `dockerfile-syntax` without a location
 * for an open quote, a bad substitution, a failed `${x:?}` or a result above 1 MiB of characters.
 */
export function expandWord(word: string, variables: Variables, escapeChar: string): string {
  return joined(expand(word, variables, escapeChar));
}

/** Expands, then splits at blanks that no quote or escape protects; empty words vanish. */
export function expandWords(word: string, variables: Variables, escapeChar: string): string[] {
  const words: string[] = [];
  let current = '';
  const finish = () => {
    if (current !== '') words.push(current);
    current = '';
  };
  for (const { text, splits } of expand(word, variables, escapeChar)) {
    const [first, ...others] = splits ? text.split(/\s+/) : [text];
    current += first;
    for (const other of others) {
      finish();
      current = other;
    }
  }
  finish();
  return words;
}

/** A stretch of the result; `splits` when its blanks end words. */
interface Piece {
  text: string;
  splits: boolean;
}

interface Scanner {
  word: string;
  chars: string[];
  at: number;
  escapeChar: string;
  variables: Variables;
  /** How many `${` are open. */
  depth: number;
  /** Character comparisons that patterns have cost so far. */
  effort: number;
}

const maxLength = 1 << 20;
const maxDepth = 100;
const maxEffort = 1 << 28;

function expand(word: string, variables: Variables, escapeChar: string): Piece[] {
  const chars = Array.from(word);
  return readUntil({ word, chars, at: 0, escapeChar, variables, depth: 0, effort: 0 });
}

/** Reads up to and over `stop`, or to the end. Patterns keep their escapes for their own reading. */
function readUntil(scanner: Scanner, stop?: string, keepEscapes = false): Piece[] {
  const { chars, escapeChar } = scanner;
  const pieces: Piece[] = [];
  let length = 0;
  const add = (text: string, splits: boolean) => {
    length += text.length;
    if (length > maxLength) throw tooLong(scanner);
    const last = pieces.at(-1);
    if (last?.splits === splits) last.text += text;
    else pieces.push({ text, splits });
  };
  while (scanner.at < chars.length) {
    const char = chars[scanner.at]!;
    if (char === stop) {
      scanner.at += 1;
      return pieces;
    }
    if (char === "'") add(readSingleQuoted(scanner), false);
    else if (char === '"') add(readDoubleQuoted(scanner, keepEscapes), false);
    else if (char === '$') add(readDollar(scanner), true);
    else if (char === escapeChar) {
      const escaped = chars[scanner.at + 1];
      scanner.at += 2;
      if (escaped !== undefined) add(keepEscapes ? escapeChar + escaped : escaped, false);
    } else {
      add(char, true);
      scanner.at += 1;
    }
  }
  if (stop !== undefined) throw syntax(scanner, `missing \`${stop}\``);
  return pieces;
}

function readSingleQuoted(scanner: Scanner): string {
  const end = scanner.chars.indexOf("'", scanner.at + 1);
  if (end < 0) throw syntax(scanner, 'missing closing single quote');
  const text = scanner.chars.slice(scanner.at + 1, end).join('');
  scanner.at = end + 1;
  return text;
}

function readDoubleQuoted(scanner: Scanner, keepEscapes: boolean): string {
  const { chars, escapeChar } = scanner;
  let text = '';
  scanner.at += 1;
  while (scanner.at < chars.length) {
    const char = chars[scanner.at]!;
    const next = chars[scanner.at + 1];
    if (text.length > maxLength) throw tooLong(scanner);
    if (char === '"') {
      scanner.at += 1;
      return text;
    }
    if (char === '$') text += readDollar(scanner);
    else if (char === escapeChar && (next === '"' || next === '$' || next === escapeChar)) {
      text += keepEscapes ? escapeChar + next : next;
      scanner.at += 2;
    } else {
      text += char;
      scanner.at += 1;
    }
  }
  throw syntax(scanner, 'missing closing double quote');
}

function readDollar(scanner: Scanner): string {
  scanner.at += 1;
  if (scanner.chars[scanner.at] !== '{') {
    const name = readName(scanner);
    return name === '' ? '$' : (scanner.variables(name) ?? '');
  }
  scanner.at += 1;
  if (scanner.depth === maxDepth) throw syntax(scanner, `more than ${maxDepth} nested \`\${\``);
  scanner.depth += 1;
  const value = readBraces(scanner);
  scanner.depth -= 1;
  return value;
}

/** Reads from after `${` to after its `}`. */
function readBraces(scanner: Scanner): string {
  const { chars } = scanner;
  if (scanner.at >= chars.length) throw syntax(scanner, 'missing `}`');
  const name = readName(scanner);
  if (name === '') throw syntax(scanner, 'bad substitution: expected a name after `${`');
  const value = scanner.variables(name);
  const colon = chars[scanner.at] === ':';
  if (colon) scanner.at += 1;
  const operator = chars[scanner.at];
  if (operator === undefined) throw syntax(scanner, 'missing `}`');
  scanner.at += 1;
  if (operator === '}' && !colon) return value ?? '';
  if ('-+?'.includes(operator)) {
    const missing = value === undefined || (colon && value === '');
    return applyDefault(scanner, { operator, name, value: value ?? '', missing });
  }
  if ('#%'.includes(operator) && !colon) return trim(scanner, operator, value ?? '');
  if (operator === '/' && !colon) return replace(scanner, value ?? '');
  const shown = `${colon ? ':' : ''}${operator}`;
  throw syntax(scanner, `unsupported modifier \`${shown}\` in a substitution`);
}

interface Default {
  operator: string;
  name: string;
  value: string;
  /** Unset, or with a colon also empty. */
  missing: boolean;
}

function applyDefault(scanner: Scanner, { operator, name, value, missing }: Default): string {
  const word = joined(readUntil(scanner, '}'));
  if (operator === '+') return missing ? '' : word;
  if (!missing) return value;
  if (operator === '-') return word;
  const unset = scanner.variables(name) === undefined;
  throw new MpkitError(
    'dockerfile-syntax',
    `${name}: ${shorten(word) || `is not allowed to be ${unset ? 'unset' : 'empty'}`}`,
  );
}

function trim(scanner: Scanner, operator: string, value: string): string {
  const longest = scanner.chars[scanner.at] === operator;
  if (longest) scanner.at += 1;
  const text = joined(readUntil(scanner, '}', true));
  spend(scanner, value, text);
  const apply = operator === '#' ? trimPrefix : trimSuffix;
  return apply(value, compilePattern(text), longest);
}

function replace(scanner: Scanner, value: string): string {
  const all = scanner.chars[scanner.at] === '/';
  if (all) scanner.at += 1;
  const text = joined(readUntil(scanner, '/', true));
  const replacement = joined(readUntil(scanner, '}', true));
  spend(scanner, value, text);
  const options = { all, limit: maxLength };
  const result = replacePattern(value, compilePattern(text), replacement, options);
  if (result === undefined) throw tooLong(scanner);
  return result;
}

function spend(scanner: Scanner, value: string, pattern: string): void {
  scanner.effort += (value.length + 1) * (pattern.length + 1);
  if (scanner.effort > maxEffort)
    throw syntax(scanner, 'pattern and value are too long to be matched');
}

/** A run of digits, or one special parameter, or letters, digits and `_`. */
function readName(scanner: Scanner): string {
  const { chars } = scanner;
  const start = scanner.at;
  const first = chars[start] ?? '';
  if (first !== '' && '@*#?-$!'.includes(first)) scanner.at += 1;
  else {
    const wanted = /^\p{Nd}$/u.test(first) ? /^\p{Nd}$/u : /^[\p{L}\p{Nd}_]$/u;
    while (wanted.test(chars[scanner.at] ?? '')) scanner.at += 1;
  }
  return chars.slice(start, scanner.at).join('');
}

function joined(pieces: Piece[]): string {
  return pieces.map(({ text }) => text).join('');
}

function tooLong(scanner: Scanner): MpkitError {
  return syntax(scanner, `the expanded text is longer than ${maxLength} characters`);
}

function syntax({ word }: Scanner, problem: string): MpkitError {
  return new MpkitError('dockerfile-syntax', `cannot expand \`${shorten(word)}\`: ${problem}`);
}

/** Values come from anywhere; a message stays one short line. */
function shorten(text: string): string {
  const line = text.slice(0, 200).replace(/\p{Cc}/gu, ' ');
  return text.length > 200 ? `${line}...` : line;
}
