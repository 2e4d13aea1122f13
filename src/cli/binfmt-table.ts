/** A table of words in at most 100 columns, complete without colour. Pure. */
import { cleanName } from '../tui/clean.ts';
import { cutStart } from '../tui/cut.ts';

/** The last column takes what is left; a cell that is longer is cut at its beginning. */
export function formatTable(rows: readonly (readonly string[])[], width = 100): string {
  const cleaned = rows.map((row) => row.map(cleanName));
  const columns = cleaned[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, n) =>
    Math.max(...cleaned.map((row) => row[n]!.length)),
  );
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 0);
  const last = Math.max(8, width - before);
  return cleaned
    .map((row) =>
      row
        .map((cell, n) => (n === columns - 1 ? cutStart(cell, last) : cell.padEnd(widths[n]!)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Words wrapped at `width`, every line indented. */
export function wrap(text: string, indent: string, width = 100): string {
  const lines = [''];
  for (const word of cleanName(text).split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && indent.length + line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `${indent}${line}\n`).join('');
}
