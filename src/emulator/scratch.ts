/**
 * The folders of the state folder that belong to one running process: made at its start, removed
 * at its end, and, when it was killed, by the next process that starts.
 */
import {
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
import { ioError } from '../errors.ts';
import { lockFile } from '../libc.ts';
import { removeTree } from '../remove-tree.ts';

export interface Scratch {
  /** An empty folder of this process's own. */
  folder: string;
  /** A new folder in it. */
  make: (name: string) => string;
  remove: () => void;
}

/** Makes what every run needs below the state folder and removes what dead processes left. */
export function openScratch(root: string): Scratch {
  try {
    for (const name of ['attach', 'tmp']) mkdirSync(join(root, name), { recursive: true });
    makeStub(root);
    removeDead(join(root, 'tmp'));
    return newScratch(join(root, 'tmp'));
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

function newScratch(parent: string): Scratch {
  const folder = mkdtempSync(join(parent, `${process.pid}-`));
  const fd = openSync(join(folder, lockName), constants.O_CREAT | constants.O_RDWR, 0o600);
  lockFile(fd, 'exclusive');
  return {
    folder,
    make: (name) => mkdtempSync(join(folder, `${name}-`)),
    remove: () => {
      removeTree(Buffer.from(folder));
      closeSync(fd);
    },
  };
}

const lockName = '.lock';

function removeDead(parent: string): void {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    let fd: number;
    try {
      fd = openSync(join(folder, lockName), constants.O_RDWR | constants.O_NOFOLLOW);
    } catch {
      // just made and not locked yet, or without a lock since a crash: an old one goes
      if (Date.now() - statSync(folder).mtimeMs > 60_000) removeTree(Buffer.from(folder));
      continue;
    }
    if (lockFile(fd, 'exclusive')) removeTree(Buffer.from(folder));
    closeSync(fd);
  }
}

function makeStub(root: string): void {
  const stub = stubLayer(root);
  if (existsSync(join(stub, 'etc/resolv.conf'))) return;
  for (const folder of ['proc', 'sys', 'dev', 'etc'])
    mkdirSync(join(stub, folder), { recursive: true, mode: 0o755 });
  for (const file of ['etc/hosts', 'etc/hostname', 'etc/resolv.conf'])
    writeFileSync(join(stub, file), '', { mode: 0o644 });
}
