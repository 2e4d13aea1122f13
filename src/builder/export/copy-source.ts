/** Blobs of the store on their way into a result, hashed as they go. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { MpkitError } from '../../errors.ts';
import { shareBlocks } from '../../libc.ts';
import { requireRunning } from '../../pause.ts';
import type { CheckHash, StoredFile } from './layout-files.ts';

type Put = (bytes: Buffer) => Promise<void>;

/** Gives `put` the whole blob; throws `corrupt` for other bytes than the blob's, `interrupted`. */
export async function readSource(
  { source, size, check }: StoredFile,
  put: Put,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = await open(source, ownSource);
  try {
    await readHashed(file, { size, check, put, signal });
  } finally {
    await file.close();
  }
}

/**
 * Makes the new file `path` of the blob, by sharing its blocks where the file system can. `reached`
 * gets the bytes so far. Throws the same.
 */
export async function copySource(
  stored: StoredFile,
  path: string,
  { reached, signal }: { reached: (bytes: number) => void; signal: AbortSignal | undefined },
): Promise<void> {
  const [file, source] = await openBoth(path, stored.source);
  let written = 0;
  try {
    const isShared = shareBlocks(file.fd, source.fd);
    const put = async (bytes: Buffer) => {
      if (!isShared) await writeAll(file, bytes);
      written += bytes.length;
      reached(written);
    };
    // of the copy, where it was not this process that wrote it
    await readHashed(isShared ? file : source, { ...stored, put, signal });
  } finally {
    await source.close();
    await file.close();
  }
}

/** The new one is made here: nothing that lies there already is opened. */
async function openBoth(path: string, source: string): Promise<[FileHandle, FileHandle]> {
  const file = await open(path, 'wx+');
  try {
    return [file, await open(source, ownSource)];
  } catch (error) {
    await file.close();
    throw error;
  }
}

const ownSource = constants.O_RDONLY | constants.O_NOFOLLOW;

/** write(2) may take less than it is given. */
export async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
}

async function readHashed(file: FileHandle, { size, check, put, signal }: Hashing): Promise<void> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(size, 4 * 1024 * 1024));
  for (let left = size; left > 0; ) {
    requireRunning(signal);
    const { bytesRead } = await file.read(chunk, 0, Math.min(left, chunk.length), null);
    if (bytesRead === 0) throw new MpkitError('corrupt', 'a blob became shorter while it was read');
    hash.update(chunk.subarray(0, bytesRead));
    await put(chunk.subarray(0, bytesRead));
    left -= bytesRead;
  }
  await check(hash.digest('hex'));
}

interface Hashing {
  size: number;
  check: CheckHash;
  put: Put;
  signal: AbortSignal | undefined;
}
