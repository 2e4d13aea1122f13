/**
 * Results are made beside their destination and then take its name. What they are made in is
 * locked: the next export to that destination removes what a killed one left, and only that.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exchangeNames, lockFile } from '../../libc.ts';
import { removeTree } from '../../remove-tree.ts';

export interface Beside {
  path: string;
  /** Gives `path` the destination's name; what had it is removed. */
  take: () => Promise<void>;
  /** Removes what is left; harmless after `take`. */
  remove: () => void;
}

/** A new file or folder beside `dest`. */
export function openBeside(dest: string, kind: 'file' | 'folder'): Beside {
  removeDead(dest);
  const { path, fd } = lockedSibling(dest, kind);
  return {
    path,
    take: async () => {
      // one step, so that whoever is killed here leaves the old result or the new one
      if (kind === 'file' || !exchangeNames(path, dest)) await rename(path, dest);
    },
    remove: () => {
      if (exists(path)) removeTree(Buffer.from(path));
      closeSync(fd);
    },
  };
}

function lockedSibling(dest: string, kind: 'file' | 'folder'): { path: string; fd: number } {
  for (;;) {
    const path = join(dirname(dest), `${prefixOf(dest)}${randomBytes(6).toString('hex')}`);
    const { O_RDONLY, O_DIRECTORY, O_CREAT, O_EXCL, O_WRONLY } = constants;
    if (kind === 'folder') mkdirSync(path);
    const flags = kind === 'folder' ? O_RDONLY | O_DIRECTORY : O_WRONLY | O_CREAT | O_EXCL;
    const fd = openSync(path, flags, 0o666);
    if (lockFile(fd, 'exclusive') && exists(path, fd)) return { path, fd };
    // taken for dead between being made and being locked
    closeSync(fd);
  }
}

function removeDead(dest: string): void {
  const prefix = prefixOf(dest);
  for (const name of readdirSync(dirname(dest))) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{12}$/.test(name.slice(prefix.length))) continue;
    const path = join(dirname(dest), name);
    const fd = openIfOurs(path);
    if (fd === undefined) continue;
    if (lockFile(fd, 'exclusive')) removeTree(Buffer.from(path));
    closeSync(fd);
  }
}

/** Undefined for what is another's, or neither file nor folder. */
function openIfOurs(path: string): number | undefined {
  try {
    const is = lstatSync(path);
    if (is.uid !== process.getuid?.() || !(is.isFile() || is.isDirectory())) return undefined;
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function exists(path: string, fd?: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && (fd === undefined || found.ino === fstatSync(fd).ino);
}

function prefixOf(dest: string): string {
  return `.${basename(dest)}.mpkit-`;
}
