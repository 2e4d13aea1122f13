/** A lock between processes: flock(2) on a file that stays; the kernel frees it with its holder. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MpkitError } from '../errors.ts';
import { lockFile } from '../libc.ts';

/** Held by installs of handlers: a folder that is always there, so that nothing stays behind. */
export const hostLock = '/run';

export interface LockOptions {
  how: 'shared' | 'exclusive';
  /** Milliseconds to wait at most; a minute unless told. */
  timeout?: number;
  /** Called once, when waiting starts. */
  onWait?: () => void;
  signal?: AbortSignal | undefined;
}

/** Runs `action` while holding the lock. Throws `io` where it is not free within `timeout`. */
export async function withLock<T>(
  path: string,
  { how, timeout = 60_000, onWait, signal }: LockOptions,
  action: () => Promise<T>,
): Promise<T> {
  const handle = await openLock(path);
  try {
    const deadline = Date.now() + timeout;
    for (let tries = 0; !lockFile(handle.fd, how); tries++) {
      if (tries === 0) onWait?.();
      if (Date.now() >= deadline) throw heldTooLong(path);
      await sleep(50, undefined, signal ? { signal } : {});
    }
    return await action();
  } finally {
    await handle.close();
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

function heldTooLong(path: string): MpkitError {
  return new MpkitError('io', `another process holds the lock \`${path}\``, {
    hint: 'wait until the other mpkit has finished, or end it',
  });
}
