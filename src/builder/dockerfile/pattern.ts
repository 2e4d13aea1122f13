/**
 * The patterns of `${x#p}`, `${x%p}` and `${x/p/r}`: `*` any text, `?` one character, a backslash
 * before `*` `?` `\` `}` `/`; no brackets. Between stars lie segments of fixed length, so placing
 * each at its first (the last one at its last) possible spot finds every match without going back.
 */
import { MpkitError } from '../../errors.ts';

/** Segments between stars, as code points; `undefined` stands for `?`. */
export type Pattern = (string | undefined)[][];

/** Throws `dockerfile-syntax` for any other escape. */
export function compilePattern(text: string): Pattern {
  const segments: Pattern = [[]];
  const chars = Array.from(text);
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (char === '*') segments.push([]);
    else if (char === '?') segments.at(-1)!.push(undefined);
    else if (char !== '\\') segments.at(-1)!.push(char);
    else {
      const escaped = chars[++at];
      if (escaped === undefined || !'*?\\}/'.includes(escaped))
        throw new MpkitError(
          'dockerfile-syntax',
          `invalid escape \`\\${escaped ?? ''}\` in a pattern: expected one of \`*\`, \`?\`, \`\\\`, \`}\`, \`/\``,
        );
      segments.at(-1)!.push(escaped);
    }
  }
  return segments;
}

/** `value` without the shortest (or longest) start that matches. */
export function trimPrefix(value: string, pattern: Pattern, longest: boolean): string {
  const chars = Array.from(value);
  const end = matchEnd(chars, pattern, 0, longest);
  return end < 0 ? value : chars.slice(end).join('');
}

/** `value` without the shortest (or longest) end that matches. */
export function trimSuffix(value: string, pattern: Pattern, longest: boolean): string {
  const chars = Array.from(value).reverse();
  const mirrored = pattern.map((segment) => segment.toReversed()).reverse();
  const end = matchEnd(chars, mirrored, 0, longest);
  return end < 0 ? value : chars.slice(end).reverse().join('');
}

/** Replaces the first (or every) longest match; an empty pattern matches once, at the start. */
export function replacePattern(
  value: string,
  pattern: Pattern,
  replacement: string,
  { all, limit }: { all: boolean; limit: number },
): string | undefined {
  const chars = Array.from(value);
  let result = '';
  let at = 0;
  do {
    const start = indexOfSegment(chars, pattern[0]!, at);
    const end = start < 0 ? -1 : matchEnd(chars, pattern, start, true);
    if (end < 0) break;
    result += chars.slice(at, start).join('') + replacement;
    if (result.length > limit) return undefined;
    at = end;
    if (start === end) break;
  } while (all && at < chars.length);
  return result + chars.slice(at).join('');
}

function matchEnd(chars: string[], pattern: Pattern, start: number, longest: boolean): number {
  const first = pattern[0]!;
  if (!segmentAt(chars, first, start)) return -1;
  let at = start + first.length;
  for (const [n, segment] of pattern.entries()) {
    if (n === 0) continue;
    const last = longest && n === pattern.length - 1;
    const found = last
      ? lastIndexOfSegment(chars, segment, at)
      : indexOfSegment(chars, segment, at);
    if (found < 0) return -1;
    at = found + segment.length;
  }
  return at;
}

function indexOfSegment(chars: string[], segment: (string | undefined)[], from: number): number {
  for (let at = from; at + segment.length <= chars.length; at++)
    if (segmentAt(chars, segment, at)) return at;
  return -1;
}

function lastIndexOfSegment(chars: string[], segment: (string | undefined)[], from: number) {
  for (let at = chars.length - segment.length; at >= from; at--)
    if (segmentAt(chars, segment, at)) return at;
  return -1;
}

function segmentAt(chars: string[], segment: (string | undefined)[], at: number): boolean {
  if (at + segment.length > chars.length) return false;
  for (let n = 0; n < segment.length; n++)
    if (segment[n] !== undefined && segment[n] !== chars[at + n]) return false;
  return true;
}
