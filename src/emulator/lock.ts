/** A lock between processes: flock(2) on a file; the kernel frees it with its holder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isStill } from '../claim.ts';
import { MpkitError } from '../errors.ts';
import { lockFile } from '../libc.ts';
import { sandboxProgram } from '../paths.ts';
import { requireRunning } from '../pause.ts';

/** Held by installs of handlers: a folder that is always there, so that nothing stays behind. */
export const hostLock = '/run';

export interface LockOptions {
  how: 'shared' | 'exclusive';
  /** Milliseconds to wait at most; a minute unless told. */
  timeout?: number;
  /** Called once, when waiting starts. */
  onWait?: () => void;
  signal?: AbortSignal | undefined;
  /** The file is of use to nobody when it is free, and goes with its last holder. */
  isTransient?: boolean;
}

/**
 * Runs `action` while holding the lock. Throws `io` where it is not free within `timeout`,
 * `interrupted`.
 */
export async function withLock<T>(
  path: string,
  options: LockOptions,
  action: () => Promise<T>,
): Promise<T> {
  const { isTransient = false } = options;
  for (;;) {
    const handle = await openLock(path);
    let isHeld = false;
    try {
      await acquire(path, handle.fd, options);
      // whoever held it before may have removed it, and somebody else holds a new one
      isHeld = !isTransient || isStill(path, handle.fd);
      if (isHeld) return await action();
    } finally {
      if (isHeld && isTransient) rmSync(path, { force: true });
      await handle.close();
    }
  }
}

/** Runs `action` alone, or not at all where anybody holds the lock. */
export async function ifUnlocked(path: string, action: () => Promise<void>): Promise<void> {
  const handle = await openLock(path);
  try {
    if (lockFile(handle.fd, 'exclusive')) await action();
  } finally {
    await handle.close();
  }
}

function openLock(path: string): Promise<FileHandle> {
  const { O_RDONLY, O_DIRECTORY, O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  if (path === hostLock) return open(path, O_RDONLY | O_DIRECTORY);
  return open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
}

/** Waiting is a process's own work: a thread of this one could not be called back from it. */
async function acquire(
  path: string,
  fd: number,
  { how, timeout = 60_000, onWait, signal }: LockOptions,
): Promise<void> {
  if (lockFile(fd, how)) return;
  onWait?.();
  requireRunning(signal);
  const waiting = spawn(sandboxProgram(), ['lock', how, '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
  });
  const stop = () => void waiting.kill('SIGKILL');
  const timer = setTimeout(stop, timeout);
  signal?.addEventListener('abort', stop);
  try {
    const [status] = await once(waiting, 'close');
    if (status === 0) return;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
  requireRunning(signal);
  throw heldTooLong(path);
}

function heldTooLong(path: string): MpkitError {
  return new MpkitError('io', `another process holds the lock \`${path}\``, {
    hint: 'wait until the other mpkit has finished, or end it',
  });
}
