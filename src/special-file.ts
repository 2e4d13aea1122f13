/** Pipes and devices as the place of a result: they are written into, never replaced. */
import { closeSync, constants, fstatSync, openSync, statSync, write } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MpkitError } from './errors.ts';
import { O_PATH } from './libc.ts';
import { requireRunning } from './pause.ts';

export interface Special {
  /** Resolves when the bytes have been taken; `signal` ends the waiting for that. */
  put: (bytes: Buffer) => Promise<void>;
  close: () => Promise<void>;
}

/**
 * What `path` names where that is a pipe or a device; undefined where it is a file, a folder, a
 * link to one, or nothing. Somebody who reads is waited for, until `signal`. Throws `invalid-input`
 * for a socket, and for a link to anything else: whoever owns the folder may have put it there.
 */
export async function openSpecial(
  path: string,
  signal?: AbortSignal,
): Promise<Special | undefined> {
  const found = openUnfollowed(path);
  if (found === undefined) return undefined;
  try {
    const is = fstatSync(found);
    if (is.isFile() || is.isDirectory() || (is.isSymbolicLink() && leadsToPlain(path)))
      return undefined;
    if (is.isSymbolicLink() || is.isSocket())
      throw new MpkitError(
        'invalid-input',
        `\`${path}\` is ${is.isSocket() ? 'a socket' : 'a link to a device, pipe or socket'}`,
        { hint: 'name a file, a pipe or a device itself' },
      );
    const fd = await openForWriting(`/proc/self/fd/${found}`, signal);
    return is.isFIFO() ? intoPipe(fd, signal) : intoDevice(fd, signal);
  } finally {
    closeSync(found);
  }
}

function openUnfollowed(path: string): number | undefined {
  try {
    return openSync(path, O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function leadsToPlain(link: string): boolean {
  try {
    const is = statSync(link, { throwIfNoEntry: false });
    return is === undefined || is.isFile() || is.isDirectory();
  } catch {
    // it is replaced, so what it leads to does not matter
    return true;
  }
}

/** A pipe that nobody reads refuses; an open that waits could not be stopped. */
async function openForWriting(path: string, signal: AbortSignal | undefined): Promise<number> {
  for (;;) {
    requireRunning(signal);
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    }
    await sleep(retry);
  }
}

function intoPipe(fd: number, signal: AbortSignal | undefined): Special {
  const socket = new Socket({ fd, readable: false, writable: true });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const stop = () => socket.destroy(new MpkitError('interrupted', 'interrupted'));
  signal?.addEventListener('abort', stop);
  // `put` hears of it too
  socket.on('error', () => {});
  return {
    put: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => {
      signal?.removeEventListener('abort', stop);
      socket.end();
      return closed;
    },
  };
}

function intoDevice(fd: number, signal: AbortSignal | undefined): Special {
  return {
    put: async (bytes) => {
      for (let done = 0; done < bytes.length; ) {
        requireRunning(signal);
        try {
          done += (await writeSome(fd, bytes, done, bytes.length - done)).bytesWritten;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
          await sleep(retry);
        }
      }
    },
    close: async () => closeSync(fd),
  };
}

const writeSome = promisify(write);

/** Milliseconds. */
const retry = 50;
