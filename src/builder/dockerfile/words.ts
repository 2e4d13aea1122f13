/** Words of ENV, LABEL and ARG: split at blanks, with quotes and escapes left in place. */
import type { Escape } from './directives.ts';

/**
 * Splits at blanks that stand outside quotes and after no escape character. Inside single quotes
 * nothing escapes. An open quote reaches to the end; expansion refuses it later.
 */
export function splitWords(text: string, escapeChar: Escape): string[] {
  const words: string[] = [];
  let start: number | undefined;
  let quote: string | undefined;
  // A lone escape character at the very end is dropped.
  const end = endsWithLoneEscape(text, escapeChar) ? text.length - 1 : text.length;
  for (let at = 0; at < end; at++) {
    const char = text[at]!;
    if (quote === undefined && /\s/.test(char)) {
      if (start !== undefined) words.push(text.slice(start, at));
      start = undefined;
      continue;
    }
    start ??= at;
    if (char === escapeChar && quote !== "'") at += 1;
    else if (char === quote) quote = undefined;
    else if (quote === undefined && (char === "'" || char === '"')) quote = char;
  }
  if (start !== undefined) words.push(text.slice(start, end));
  return words;
}

function endsWithLoneEscape(text: string, escapeChar: Escape): boolean {
  let count = 0;
  while (text.at(-1 - count) === escapeChar) count += 1;
  return count % 2 === 1;
}
