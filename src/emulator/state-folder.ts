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
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { ioError, MpkitError } from '../errors.ts';
import { isKernelAtLeast } from '../kernel-release.ts';
import { chooseIdMap, type IdMap, readHostIds } from './id-map.ts';

/** Makes it where it is missing. Throws `permission-denied` or `usage` for what is not ours. */
export function prepareState(root: string, map: IdMap): void {
  try {
    makeParents(root);
    const isNew = makeFolder(root, 0o700);
    withFolder(root, (fd, is) => {
      if (is.uid !== map.owner.uid) {
        const isRoot = process.getuid?.() === 0;
        if (!isRoot || (!isNew && readdirSync(`/proc/self/fd/${fd}`).length > 0))
          throw foreign(root, is.uid, map.owner.uid);
        fchownSync(fd, map.owner.uid, map.owner.gid);
      }
      if ((is.mode & 0o777) !== 0o700) fchmodSync(fd, 0o700);
    });
    if (emulatorsOfHost(root, map)) prepareEmulators(join(root, 'emulators'));
  } catch (error) {
    throw failure(error, root);
  }
}

/** For what reads it outside of a namespace; one that is missing is nobody's. Throws the same. */
export function requireState(root: string): void {
  const { owner } = chooseIdMap(readHostIds());
  try {
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

/** The folder that stays the host root's, where it can be lent with shifted ids; else undefined. */
export function emulatorsOfHost(root: string, { how, owner }: IdMap): string | undefined {
  if (how !== 'direct' || owner.uid === 0) return undefined;
  return shifting.has(statfsSync(root).type) &&
    isKernelAtLeast({ kernel: { release: release() } }, 6, 3)
    ? join(root, 'emulators')
    : undefined;
}

/** File systems of which Linux 6.3 makes id-mapped mounts: ext4, XFS, Btrfs, F2FS, tmpfs. */
const shifting = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x01021994]);

/** An older mpkit left folders of the builder's: they are taken over, their files stay what they are. */
function prepareEmulators(folder: string): void {
  makeFolder(folder, 0o755);
  withFolder(folder, (fd, is) => {
    if (is.uid === 0) return;
    takeOver(`/proc/self/fd/${fd}`);
    fchownSync(fd, 0, 0);
  });
}

function takeOver(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    takeOver(path);
    lchownSync(path, 0, 0);
  }
}

function withFolder(path: string, use: (fd: number, is: Stats) => void): void {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    use(fd, fstatSync(fd));
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

function makeFolder(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
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
  if (error instanceof MpkitError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOTDIR' || code === 'ELOOP')
    return new MpkitError('usage', `state folder \`${root}\` is no folder`, {
      hint: elsewhere,
      cause: error,
    });
  const { code: known, message, hint } = ioError(error, `preparing the state folder \`${root}\``);
  return new MpkitError(known, message, { hint: hint ?? elsewhere, cause: error });
}
