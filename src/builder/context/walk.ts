/**
 * Walks a selected file or folder of a source, parents first, names in byte order. Every entry is
 * opened from its parent's descriptor without following, so that a tree that changes meanwhile
 * cannot lead elsewhere.
 */
import { closeSync, constants, lstatSync, openSync, readdirSync, type Stats } from 'node:fs';
import { MpkitError } from '../../errors.ts';
import { fdPath } from './in-root.ts';
import { isLeftOut, type Selected } from './select.ts';
import type { FileSource } from './source.ts';

export interface WalkedEntry {
  /** Relative to what was selected, bytes; empty for the selected one itself. */
  path: Buffer;
  /** Where it can be read; valid only until the next entry is asked for. */
  at: Buffer;
  stats: Stats;
}

export function* walk(source: FileSource, selected: Selected): Generator<WalkedEntry> {
  const top = Buffer.from(fdPath(selected.fd));
  yield { path: Buffer.alloc(0), at: top, stats: selected.stats };
  if (!selected.stats.isDirectory()) return;
  const open: Level[] = [];
  try {
    open.push(enter(Buffer.from(fdPath(selected.fd)), Buffer.alloc(0)));
    while (open.length > 0) {
      const level = open.at(-1)!;
      const name = level.names.pop();
      if (name === undefined) {
        closeSync(open.pop()!.fd);
        continue;
      }
      const at = fdPath(level.fd, name);
      const stats = lstatSync(at);
      const path =
        level.path.length === 0 ? name : Buffer.concat([level.path, Buffer.from('/'), name]);
      const inSource = `${selected.path === '/' ? '' : selected.path}/${path}`.slice(1);
      if (isLeftOut(source, inSource, stats.isDirectory())) continue;
      if (stats.isDirectory() && open.length >= deepest) throw tooDeep(inSource);
      yield { path, at, stats };
      if (stats.isDirectory()) open.push(enter(at, path));
    }
  } finally {
    for (const { fd } of open) closeSync(fd);
  }
}

interface Level {
  fd: number;
  path: Buffer;
  /** The last comes first. */
  names: Buffer[];
}

/** Each level holds a descriptor. */
const deepest = 500;

function enter(at: Buffer, path: Buffer): Level {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const isTop = path.length === 0;
  const fd = openSync(at, O_RDONLY | O_DIRECTORY | (isTop ? 0 : O_NOFOLLOW));
  try {
    const names = readdirSync(fdPath(fd), { encoding: 'buffer' });
    return { fd, path, names: names.sort(Buffer.compare).reverse() };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function tooDeep(path: string): MpkitError {
  return new MpkitError(
    'invalid-input',
    `folders are nested deeper than ${deepest} levels at \`${path.slice(0, 80)}...\``,
  );
}
