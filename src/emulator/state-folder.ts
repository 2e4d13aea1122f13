/**
 * The state folder: the builder's own, closed to everybody else. What is looked at is what is open,
 * before anything in it is read.
 *
 * Root's belongs to the subordinate id that is 0 in the builder, so to its steps' id too; only
 * `emulators/` stays the host root's, and the builder gets it with shifted ids: what is registered
 * for the whole host must not have been writable by a step.
 */
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs';
import { release } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { hostPath } from '../caller-paths.ts';
import { ioError, MpkitError } from '../errors.ts';
import { isKernelAtLeast } from '../kernel-release.ts';
import { stateNames } from '../paths.ts';
import { chooseIdMap, type IdMap, readHostIds } from './id-map.ts';

/** A folder that was looked at, whatever lies at its path later. */
export interface SeenFolder {
  path: string;
  dev: bigint;
  ino: bigint;
}

export interface StateFolder extends SeenFolder {
  /** Where they stay the host root's. */
  emulators: SeenFolder | undefined;
}

/** The folders above may be reached through links, the state folder itself not. */
export function locateState(root: string): string {
  try {
    return join(hostPath(dirname(root)), basename(root));
  } catch (error) {
    throw failure(error, root);
  }
}

/**
 * Makes it where it is missing. Throws `permission-denied` or `usage` for what is not ours: a folder
 * that the caller uses for something else is neither closed to others nor ever emptied.
 */
export function prepareState(root: string, map: IdMap): StateFolder {
  try {
    makeParents(root);
    makeFolder(root, 0o700);
    return withFolder(root, (fd, is) => {
      const open = `/proc/self/fd/${fd}`;
      const names = readdirSync(open).filter((name) => name !== 'lost+found');
      if (is.uid !== map.owner.uid) {
        const isRoot = process.getuid?.() === 0;
        if (!isRoot || names.length > 0) throw foreign(root, is.uid, map.owner.uid);
        fchownSync(fd, map.owner.uid, map.owner.gid);
      }
      requireOurs(root, open, names);
      if ((is.mode & 0o777) !== 0o700) fchmodSync(fd, 0o700);
      if (!names.includes(useName)) markAsOurs(join(open, useName), map);
      const emulators = isShifted(open, map)
        ? prepareEmulators(join(open, 'emulators'), join(root, 'emulators'))
        : undefined;
      return { ...seen(root, fd), emulators };
    });
  } catch (error) {
    throw failure(error, root);
  }
}

/** A store of emulators alone is one that somebody brought along. */
function requireOurs(root: string, open: string, names: string[]): void {
  if (names.length === 0 || names.includes(useName)) return;
  const others = names.filter((name) => !stateNames.includes(name));
  if (others.length === 0 && existsSync(join(open, 'emulators/sha256'))) return;
  const shown = (others.length > 0 ? others : names)[0];
  throw new MpkitError(
    'usage',
    `\`${root}\` is no state folder: it holds \`${shown}\`, which is not mpkit's`,
    { hint: 'a state folder is one that mpkit made, or an empty or missing one' },
  );
}

function markAsOurs(path: string, { owner }: IdMap): void {
  const { O_CREAT, O_RDWR, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_CREAT | O_RDWR | O_NOFOLLOW, 0o600);
  try {
    fchownSync(fd, owner.uid, owner.gid);
  } finally {
    closeSync(fd);
  }
}

/** The mark of a state folder, and the lock of those who use it. */
export const useName = 'in-use.lock';

/**
 * For what reads it outside of a namespace, by paths: nobody else may write to it, or put another one
 * in its place. One that is missing is nobody's. Throws the same.
 */
export function requireState(root: string): void {
  const { owner } = chooseIdMap(readHostIds());
  try {
    requireParents(root);
    withFolder(root, (_, is) => {
      if (is.uid !== owner.uid) throw foreign(root, is.uid, owner.uid);
      if ((is.mode & 0o022) === 0) return;
      throw new MpkitError(
        'permission-denied',
        `others may write to the state folder \`${root}\``,
        { hint: `\`chmod 700 ${root}\` if what is in it is yours; else choose another one` },
      );
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw failure(error, root);
  }
}

/** Whether emulators that a build of root's stores in `root` are the host root's. */
export function storeIsOfHost(root: string): boolean {
  const map = chooseIdMap(readHostIds());
  return map.owner.uid === 0 || isShifted(existing(root), map);
}

/** Whether what is the host root's in a folder can be lent to the builder with shifted ids. */
function isShifted(folder: string, { how, owner }: IdMap): boolean {
  if (how !== 'direct' || owner.uid === 0) return false;
  return (
    shifting.has(statfsSync(folder).type) &&
    isKernelAtLeast({ kernel: { release: release() } }, 6, 3) === true
  );
}

/** The path, or the nearest above it that is there. */
function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path));
}

/** File systems of which Linux 6.3 makes id-mapped mounts: ext4, XFS, Btrfs, F2FS, tmpfs. */
const shifting = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x01021994]);

/** `path` is what to call it. */
function prepareEmulators(folder: string, path: string): SeenFolder {
  makeFolder(folder, 0o755);
  takeOver(folder);
  return withFolder(folder, (fd) => seen(path, fd));
}

function seen(path: string, fd: number): SeenFolder {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return { path, dev, ino };
}

/**
 * An older mpkit left folders of the builder's: they become the host root's, their files stay what
 * they are. Whose they were may still write to them, so links are not followed.
 */
function takeOver(folder: string): void {
  withFolder(folder, (fd, is) => {
    if (is.uid === 0) return;
    fchownSync(fd, 0, 0);
    fchmodSync(fd, 0o755);
    const open = `/proc/self/fd/${fd}`;
    for (const entry of readdirSync(open, { withFileTypes: true }))
      if (entry.isDirectory()) takeOver(join(open, entry.name));
  });
}

/** Whoever owns `/` can do anything; in a sticky folder only owners rename what is theirs. */
function requireParents(root: string): void {
  const trusted = [statSync('/').uid, process.getuid?.()];
  for (let path = realpathSync(dirname(root)); ; path = dirname(path)) {
    const { uid, mode } = statSync(path);
    const isOpen = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
    if (isOpen || !trusted.includes(uid))
      throw new MpkitError(
        'permission-denied',
        `${isOpen ? 'others' : `user ${uid}`} may replace the state folder \`${root}\`: \`${path}\` is ${isOpen ? 'writable for them' : 'theirs'}`,
        { hint: elsewhere },
      );
    if (path === '/') return;
  }
}

function withFolder<T>(path: string, use: (fd: number, is: Stats) => T): T {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    return use(fd, fstatSync(fd));
  } finally {
    closeSync(fd);
  }
}

/** One by one: Node's own way never ends on a file system that has no room for new names, as /proc. */
function makeParents(path: string): void {
  const parent = dirname(path);
  if (statSync(parent, { throwIfNoEntry: false })) return;
  makeParents(parent);
  makeFolder(parent, 0o777);
}

function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function foreign(root: string, found: number, expected: number): MpkitError {
  return new MpkitError(
    'permission-denied',
    `state folder \`${root}\` belongs to user ${found}, expected ${expected}`,
    { hint: elsewhere },
  );
}

const elsewhere = 'choose another one with `--root` or MPKIT_ROOT';

function failure(error: unknown, root: string): unknown {
  const cause = error instanceof MpkitError ? error.cause : error;
  if (cause === undefined) return error;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOTDIR' || code === 'ELOOP')
    return new MpkitError('usage', `state folder \`${root}\` is no folder`, {
      hint: elsewhere,
      cause,
    });
  const { code: known, message, hint } = ioError(cause, `preparing the state folder \`${root}\``);
  return new MpkitError(known, message, { hint: hint ?? elsewhere, cause });
}
