/**
 * What a process makes for itself is removed by others as soon as nobody holds its lock: claimed
 * before they can, and removed by one of them only.
 */
import { closeSync, fstatSync, lstatSync } from 'node:fs';
import { lockFile } from './libc.ts';
import { removeTree } from './remove-tree.ts';

/**
 * `make` gives a new path, `open` opens what is locked; both are asked again if that was taken for
 * a dead one's meanwhile. The lock is held until `fd` is closed.
 */
export function claimNew<T extends { path: string }>(
  make: () => T,
  open: (path: string) => number,
): T & { fd: number } {
  for (let left = mostTries; ; left--) {
    const made = make();
    const fd = openUnless(left > 0 ? ['ENOENT'] : [], made.path, open);
    if (fd === undefined) continue;
    if (lockFile(fd, 'exclusive') && isStill(made.path, fd)) return { ...made, fd };
    closeSync(fd);
  }
}

/** Where nothing can be made at all, as below /proc, that looks the same. */
const mostTries = 1000;

/** Removes what belongs to `path` unless somebody holds its lock; `open` opens it. */
export function removeUnclaimed(
  path: string,
  open: (path: string) => number,
  remove: () => void = () => removeTree(Buffer.from(path)),
): 'no lock' | undefined {
  const fd = openUnless(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES'], path, open);
  if (fd === undefined) return 'no lock';
  try {
    if (lockFile(fd, 'exclusive') && isStill(path, fd)) remove();
  } finally {
    closeSync(fd);
  }
  return undefined;
}

function openUnless(
  codes: string[],
  path: string,
  open: (path: string) => number,
): number | undefined {
  try {
    return open(path);
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Whether the open `fd` still has that name. */
export function isStill(path: string, fd: number): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
}
