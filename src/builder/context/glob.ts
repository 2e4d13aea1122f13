/**
 * Wildcards of file names: `*`, `?`, `[a-z]`, `[^a-z]` and backslash escapes as Go's
 * `filepath.Match` reads them, and `**` as ignore files have it. All possible positions in the
 * pattern advance together, one character at a time, so no pattern can make matching explode.
 */
import { MpkitError } from '../../errors.ts';

/** A compiled pattern; a position in it is an index into `tokens`, the length means "matched". */
export interface Glob {
  tokens: Token[];
}

type Token =
  | { kind: 'char'; char: string }
  | { kind: 'class'; negated: boolean; ranges: [low: number, high: number][] }
  /** One character, any but `/`. */
  | { kind: 'any' }
  /** Any text without `/`. */
  | { kind: 'star' }
  /** The start of `**` before more pattern: go through folders, or step over both. */
  | { kind: 'gate' }
  /** The inside of such a `**`: any text up to and with a `/`. */
  | { kind: 'folders' }
  /** `**` at the end: any text. */
  | { kind: 'rest' };

/** Whether one path component matches; a bad pattern (see `isValidPattern`) matches nothing. */
export function matchComponent(pattern: string, name: string): boolean {
  const tokens = tokenize(pattern, false);
  return tokens !== undefined && advance({ tokens }, name).includes(tokens.length);
}

/** Whether brackets are closed and filled, ranges ascend and no backslash stands at the end. */
export function isValidPattern(pattern: string): boolean {
  return tokenize(pattern, false) !== undefined;
}

/** Compiles a pattern for whole paths, `**` included; throws `invalid-input` for a bad one. */
export function compileGlob(pattern: string): Glob {
  const tokens = tokenize(pattern, true);
  if (tokens === undefined) throw new MpkitError('invalid-input', `bad pattern \`${pattern}\``);
  return { tokens };
}

/** Whether the whole path or one of its parent folders matches. */
export function matchesPathOrParent(glob: Glob, path: string): boolean {
  return advance(glob, path, '/').includes(glob.tokens.length);
}

/** Whether some path below `folder` could match. */
export function matchesBelow(glob: Glob, folder: string): boolean {
  return advance(glob, `${folder}/`).some((position) => position < glob.tokens.length);
}

/** The positions after `text`, or where the pattern is complete just before an `endBefore`. */
function advance({ tokens }: Glob, text: string, endBefore?: string): number[] {
  const seenAt = new Int32Array(tokens.length + 1).fill(-1);
  let step = 0;
  let positions: number[] = [];
  const enter = (into: number[], position: number) => {
    if (seenAt[position] === step) return;
    seenAt[position] = step;
    into.push(position);
    const kind = tokens[position]?.kind;
    if (kind === 'star' || kind === 'rest' || kind === 'gate') enter(into, position + 1);
    if (kind === 'gate') enter(into, position + 2);
  };
  enter(positions, 0);
  for (const char of text) {
    if (char === endBefore && seenAt[tokens.length] === step) break;
    step += 1;
    const next: number[] = [];
    for (const position of positions) {
      const token = tokens[position];
      if (token === undefined || token.kind === 'gate' || !accepts(token, char)) continue;
      const loops = token.kind === 'star' || token.kind === 'rest' || token.kind === 'folders';
      if (loops) enter(next, position);
      if (!loops || (token.kind === 'folders' && char === '/')) enter(next, position + 1);
    }
    positions = next;
    if (positions.length === 0) break;
  }
  return positions;
}

function accepts(token: Token, char: string): boolean {
  if (token.kind === 'char') return token.char === char;
  if (token.kind === 'rest' || token.kind === 'folders') return true;
  if (char === '/') return false;
  if (token.kind !== 'class') return true;
  const code = char.codePointAt(0)!;
  return token.ranges.some(([low, high]) => low <= code && code <= high) !== token.negated;
}

function tokenize(pattern: string, deep: boolean): Token[] | undefined {
  const chars = Array.from(pattern);
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (deep && char === '*' && chars[at + 1] === '*') {
      while (chars[at + 1] === '*') at += 1;
      if (chars[at + 1] === '/') at += 1;
      if (at + 1 >= chars.length) tokens.push({ kind: 'rest' });
      else if (tokens.at(-1)?.kind !== 'folders')
        tokens.push({ kind: 'gate' }, { kind: 'folders' });
    } else if (char === '*') {
      // Repeated wildcards are one: it keeps the positions, and the nesting of `enter`, few.
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' });
    } else if (char === '?') {
      tokens.push({ kind: 'any' });
    } else if (char === '[') {
      const read = readClass(chars, at + 1);
      if (read === undefined) return undefined;
      tokens.push(read.token);
      at = read.end;
    } else {
      const literal = char === '\\' ? chars[++at] : char;
      if (literal === undefined) return undefined;
      tokens.push({ kind: 'char', char: literal });
    }
  }
  return tokens;
}

/** Reads from after `[`; `end` is the index of the closing bracket. */
function readClass(chars: string[], start: number): { token: Token; end: number } | undefined {
  let at = start;
  const negated = chars[at] === '^';
  if (negated) at += 1;
  const ranges: [number, number][] = [];
  const member = (): number | undefined => {
    if (chars[at] === '-' || chars[at] === ']') return undefined;
    if (chars[at] === '\\') at += 1;
    return chars[at++]?.codePointAt(0);
  };
  while (at < chars.length) {
    if (chars[at] === ']' && ranges.length > 0)
      return { token: { kind: 'class', negated, ranges }, end: at };
    const low = member();
    let high = low;
    if (chars[at] === '-') {
      at += 1;
      high = member();
    }
    if (low === undefined || high === undefined || high < low) return undefined;
    ranges.push([low, high]);
  }
  return undefined;
}
