/** The digest of what a COPY selects: names, kinds, modes, owners, content; never times. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { MpkitError } from '../../errors.ts';
import { getXattr, listXattrs } from '../../libc.ts';
import type { Selected } from './select.ts';
import type { FileSource } from './source.ts';
import { type WalkedEntry, walk } from './walk.ts';

export function hashSelection(source: FileSource, selected: Selected[]): string {
  const hash = createHash('sha256');
  for (const each of selected) {
    // a folder contributes its content, so its own name does not matter
    field(hash, each.stats.isDirectory() ? '/' : each.name);
    for (const entry of walk(source, each)) {
      try {
        addEntry(hash, source, entry);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const path = Buffer.from(`${each.name}/${entry.path}`.replace(/\/$/, ''));
        throw code === 'EACCES' ? unreadable(path, error) : error;
      }
    }
  }
  return hash.digest('hex');
}

/** A file of the context that its own owner does not let us read. */
export function unreadable(path: Buffer, cause: unknown): MpkitError {
  return new MpkitError('permission-denied', `cannot read \`${path}\`: EACCES`, {
    hint: 'make it readable, or leave it out with `.dockerignore`',
    cause,
  });
}

function addEntry(hash: Hash, source: FileSource, { path, at, stats }: WalkedEntry): void {
  const owner = source.owner === 'root' ? '0:0' : `${stats.uid}:${stats.gid}`;
  field(hash, path);
  field(hash, `${stats.mode.toString(8)} ${owner} ${stats.isFile() ? stats.size : 0}`);
  if (stats.isSymbolicLink()) {
    field(hash, readlinkSync(at, { encoding: 'buffer' }));
    return;
  }
  if (stats.isFile()) addContent(hash, at);
  if (source.owner === 'root' && !stats.isFile()) return;
  for (const name of copiedXattrs(at)) {
    field(hash, name);
    field(hash, getXattr(at, name) ?? '');
  }
}

/** The extended attributes that travel with a file. */
export function copiedXattrs(path: Buffer): string[] {
  return listXattrs(path).filter(
    (name) =>
      (name.startsWith('user.') && !name.startsWith('user.overlay.')) ||
      name === 'security.capability',
  );
}

const buffer = Buffer.allocUnsafe(1 << 20);

function addContent(hash: Hash, at: Buffer): void {
  const fd = openRegular(at);
  try {
    for (let size = readSync(fd, buffer); size > 0; size = readSync(fd, buffer))
      hash.update(buffer.subarray(0, size));
  } finally {
    closeSync(fd);
  }
}

/** A descriptor of a regular file: what was swapped for a FIFO or a link meanwhile is refused. */
export function openRegular(at: Buffer): number {
  // the magic link of a selected file itself must be followed; below it names are plain
  const isSelected = /^\/proc\/self\/fd\/\d+$/.test(at.toString('latin1'));
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const fd = openSync(at, O_RDONLY | O_NONBLOCK | (isSelected ? 0 : O_NOFOLLOW));
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new MpkitError('invalid-input', 'a file of the context changed while it was read');
}

function field(hash: Hash, value: string | Buffer): void {
  const bytes = Buffer.from(value);
  hash.update(`${bytes.length}:`).update(bytes);
}
