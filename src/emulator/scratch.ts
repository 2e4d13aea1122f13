/**
 * The folders of the state folder that belong to one running process: made at its start, removed
 * at its end, and, when it was killed, by the next process that starts.
 */
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { claimNew, removeUnclaimed } from '../claim.ts';
import { ioError, MpkitError } from '../errors.ts';
import { detach, lockFile, mountFileSystem } from '../libc.ts';
import { detachedOverlay } from '../overlay.ts';
import { emulatorsFolder, stateNames } from '../paths.ts';
import { requireRunning } from '../pause.ts';
import { removeTree } from '../remove-tree.ts';
import { namesIn } from '../small-files.ts';
import { useName } from './state-folder.ts';

export interface Scratch {
  /** An empty folder of this process's own. */
  folder: string;
  /** A new folder in it. */
  make: (name: string) => string;
  /** The same where overlayfs takes writable layers: here, or in memory. */
  makeWritable: (name: string) => string;
  /** The tmpfs for them, where the state folder's own file system is refused. */
  memory: string | undefined;
  remove: () => void;
}

/**
 * Makes what every run needs below the state folder and removes what dead processes left. Waits
 * while somebody empties it, until `signal`.
 */
export async function openScratch(root: string, signal?: AbortSignal): Promise<Scratch> {
  try {
    const use = await holdState(root, signal);
    for (const name of ['attach', 'tmp']) mkdirSync(join(root, name), { recursive: true });
    makeStub(root);
    removeDead(join(root, 'tmp'));
    removeDeadLocks(join(root, 'locks'));
    return newScratch(join(root, 'tmp'), use);
  } catch (error) {
    throw ioError(error, `preparing the state folder \`${root}\``);
  }
}

/**
 * The lowest layer of every step: the mount points that a step needs, so that making them leaves
 * no trace in the step's own layer.
 */
export function stubLayer(root: string): string {
  return join(root, 'stub');
}

/**
 * Empties the state folder but for `kept`, alone: throws `io` while another process uses it.
 * Returns the freed bytes.
 */
export function emptyState(
  root: string,
  kept: string[],
  gainOf: (paths: string[]) => number,
): number {
  const fd = openSync(join(root, useName), constants.O_CREAT | constants.O_RDWR, 0o600);
  try {
    if (!lockFile(fd, 'exclusive'))
      throw new MpkitError('io', `another mpkit is using the state folder \`${root}\``, {
        hint: 'wait until its builds and runs have ended',
      });
    const going = stateNames.filter(
      (name) => name !== useName && !kept.includes(name) && existsSync(join(root, name)),
    );
    const paths = going.map((name) => join(root, name));
    const freed = gainOf(paths);
    for (const [at, path] of paths.entries())
      if (going[at] === 'emulators') emptyEmulators(root);
      else removeTree(Buffer.from(path));
    return freed;
  } finally {
    closeSync(fd);
  }
}

/** Not the folder: others, who wait to use the state folder, are lent it already. */
function emptyEmulators(root: string): void {
  const folder = emulatorsFolder(root);
  for (const name of readdirSync(folder)) removeTree(Buffer.from(join(folder, name)));
}

/** Held by everything that runs on the state folder, so that nobody empties it meanwhile. */
async function holdState(root: string, signal: AbortSignal | undefined): Promise<number> {
  const fd = openSync(join(root, useName), constants.O_CREAT | constants.O_RDWR, 0o600);
  const deadline = Date.now() + 600_000;
  try {
    while (!lockFile(fd, 'shared')) {
      requireRunning(signal);
      if (Date.now() > deadline)
        throw new MpkitError('io', `the state folder \`${root}\` is being emptied`);
      await sleep(50);
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function newScratch(parent: string, use: number): Scratch {
  const { folder, fd } = claimNew(
    () => {
      const made = mkdtempSync(join(parent, `${process.pid}-`));
      return { folder: made, path: join(made, lockName) };
    },
    (path) => openSync(path, constants.O_CREAT | constants.O_RDWR, 0o600),
  );
  const make = (name: string) => mkdtempSync(join(folder, `${name}-`));
  const memory = takesWritable(make('try')) ? undefined : mountMemory(make('memory'));
  return {
    folder,
    make,
    makeWritable: (name) => (memory ? mkdtempSync(join(memory, `${name}-`)) : make(name)),
    memory,
    remove: () => {
      if (memory) detach(memory);
      removeTree(Buffer.from(folder));
      closeSync(fd);
      closeSync(use);
    },
  };
}

/** Not on another overlay, as a container's files are. Other faults are told by whoever meets them. */
function takesWritable(place: string): boolean {
  const [lower, folder, work] = ['lower', 'fs', 'work'].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [lower, folder, work]) mkdirSync(each);
  try {
    closeSync(detachedOverlay({ lower: [lower], upper: { folder, work } }));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EINVAL';
  }
}

/** In this mount namespace only: it goes with the process. */
function mountMemory(place: string): string {
  mountFileSystem('tmpfs', place);
  chmodSync(place, 0o700);
  return place;
}

const lockName = '.lock';

function removeDead(parent: string): void {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    const held = removeUnclaimed(join(folder, lockName), openLock, () =>
      removeTree(Buffer.from(folder)),
    );
    if (held === 'no lock') removeOld(folder);
  }
}

/** Of steps whose process was killed; the others are few and stay. */
function removeDeadLocks(folder: string): void {
  for (const name of namesIn(folder, /^[0-9a-f]{64}$/))
    removeUnclaimed(join(folder, name), openLock);
}

function openLock(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
}

/** Just made and not locked yet, or without a lock since a crash. */
function removeOld(folder: string): void {
  const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  try {
    if (Date.now() - made > 60_000) removeTree(Buffer.from(folder));
  } catch (error) {
    // another process does the same
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function makeStub(root: string): void {
  const stub = stubLayer(root);
  if (existsSync(join(stub, 'etc/resolv.conf'))) return;
  for (const folder of ['proc', 'sys', 'dev', 'etc'])
    mkdirSync(join(stub, folder), { recursive: true, mode: 0o755 });
  for (const file of ['etc/hosts', 'etc/resolv.conf'])
    writeFileSync(join(stub, file), '', { mode: 0o644 });
}
