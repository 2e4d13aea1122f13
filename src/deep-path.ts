/**
 * Paths for trees of any depth: the kernel takes 4,095 bytes at most, and a RUN step can make
 * deeper folders than that. Where a path grows long its folder is held open and named through
 * `/proc/self/fd`. Names are bytes.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { O_PATH } from './libc.ts';

export interface Folder {
  /** Short enough for every name below it to be opened. */
  path: Buffer;
  /** Call when nothing below is needed any more. */
  close(): void;
}

/** The folder `path`, which is not followed if it is a link. */
export function openFolder(path: Buffer): Folder {
  if (path.length < longPath) return { path, close: () => {} };
  const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const fd = openSync(path, flags);
  return { path: Buffer.from(`/proc/self/fd/${fd}`), close: () => closeSync(fd) };
}

/** `folder/name`, in bytes. */
export function joinBytes(folder: Buffer, name: Buffer): Buffer {
  return folder.length === 0 ? name : Buffer.concat([folder, slash, name]);
}

const slash = Buffer.from('/');

/** A name has 255 bytes at most. */
const longPath = 4095 - 256;
