/** The lines of mpkit's handlers in a binfmt.d(5) file, which are the kernel's own. Pure. */
import { type BinfmtEntry, formatEntry } from '../../entry.ts';
import { header } from '../boot-files.ts';

/** systemd passes each line on to the kernel as it is, escapes included. */
export function formatConf(entries: readonly BinfmtEntry[]): string {
  return `${header}\n${formatLines(entries)}\n`;
}

/** In an order of their own, so that the same handlers make the same file. */
export function formatLines(entries: readonly BinfmtEntry[]): string {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map(formatEntry).join('\n');
}

/** What `formatConf` wrote; other lines are dropped. */
export function parseConf(text: string): BinfmtEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, name, type, offset, magic, mask, interpreter, flags] = line.split(':');
    if (type !== 'M' || !name || !interpreter || flags === undefined) return [];
    const match = {
      offset: Number(offset),
      magic: bytesOf(magic!),
      ...(mask ? { mask: bytesOf(mask) } : {}),
    };
    return [{ name, match, interpreter, flags }];
  });
}

/** Bytes as `\xHH` or themselves. */
export function bytesOf(text: string): Buffer {
  const plain = text.replaceAll(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, 'latin1');
}
