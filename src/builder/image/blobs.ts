/**
 * The content-addressed store: `<stateRoot>/blobs/sha256/<hex>`. Several processes share it; a
 * blob appears whole or not at all, and is never changed afterwards.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ioError, MpkitError } from '../../errors.ts';
import { createPause, inTurns } from '../../pause.ts';
import { removeTree } from '../../remove-tree.ts';
import { type Digest, digestOf, hexOf } from './digest.ts';

export interface Blobs {
  folder: string;
  /** Half-written blobs; on the same file system, so that they can be renamed. */
  temporary: string;
}

export interface BlobFacts {
  digest: Digest;
  /** Bytes. */
  size: number;
}

/** JSON documents (manifests, indexes, configs) above this many bytes are refused. */
export const documentLimit = 4 * 1024 * 1024;

/**
 * Makes the store where it is missing. `temporary` is a folder of this process's own, which the
 * next one removes when this one is killed.
 */
export async function openBlobs(stateRoot: string, temporary: string): Promise<Blobs> {
  const blobs = { ...storedBlobs(stateRoot), temporary };
  try {
    await mkdir(blobs.folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw ioError(error, 'opening the blob store');
  }
  return blobs;
}

/** For whoever only reads: nothing is made where the store is missing. */
export function storedBlobs(stateRoot: string): Pick<Blobs, 'folder'> {
  return { folder: join(stateRoot, 'blobs/sha256') };
}

/**
 * Stores `content`. With `expected`, other bytes than those (or, for a stream, even one byte too
 * many) throw `invalid-image` and nothing is stored.
 */
export async function putBlob(
  blobs: Blobs,
  content: Buffer | AsyncIterable<Buffer>,
  expected?: BlobFacts,
): Promise<BlobFacts> {
  const known = Buffer.isBuffer(content) ? factsOf(content) : undefined;
  if (known && !expected && (await holds(blobs, known, content as Buffer))) return known;
  const writer = await startBlob(blobs);
  try {
    for await (const chunk of Buffer.isBuffer(content) ? [content] : content) {
      await writer.write(chunk);
      if (expected && writer.size() > expected.size)
        throw mismatch(expected, `more than its ${expected.size} bytes`);
    }
    return await writer.commit(expected);
  } catch (error) {
    await writer.abort();
    throw ioError(error, 'storing a blob');
  }
}

/** Documents are few and small: whatever is stored under their name is compared. */
async function holds(blobs: Blobs, facts: BlobFacts, content: Buffer): Promise<boolean> {
  if (!(await hasBlob(blobs, facts))) return false;
  return content.equals(await readFile(blobPath(blobs, facts.digest)));
}

function factsOf(content: Buffer): BlobFacts {
  return { digest: digestOf(content), size: content.length };
}

/** A blob being written: `commit` makes it visible, `abort` (harmless afterwards) drops it. */
async function startBlob(blobs: Blobs) {
  const path = join(blobs.temporary, randomBytes(12).toString('hex'));
  let file: FileHandle | undefined = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  return {
    size: () => size,
    async write(chunk: Buffer): Promise<void> {
      hash.update(chunk);
      size += chunk.length;
      await writeAll(file!, chunk);
    },
    async commit(expected?: BlobFacts): Promise<BlobFacts> {
      const digest: Digest = `sha256:${hash.digest('hex')}`;
      if (expected && (expected.digest !== digest || expected.size !== size))
        throw mismatch(expected, `\`${digest}\` of ${size} bytes`);
      // Not synced here: the build ends with one sync of everything, and until then the records
      // that name this blob are marked (snapshot/durable.ts). A cut-off file has another size.
      await file!.close();
      file = undefined;
      await rename(path, blobPath(blobs, digest)).catch((error) => {
        throw error.code === 'EISDIR' ? inTheWay(blobPath(blobs, digest)) : error;
      });
      return { digest, size };
    },
    async abort(): Promise<void> {
      await file?.close();
      file = undefined;
      await unlink(path).catch(() => {});
    },
  };
}

function inTheWay(path: string): MpkitError {
  return new MpkitError('corrupt', `\`${path}\` is a folder, where a blob belongs`, {
    hint: '`mpkit check` drops it, and whatever else is not as it was made',
  });
}

/** Where the blob is, or would be. */
export function blobPath(blobs: Pick<Blobs, 'folder'>, digest: Digest): string {
  return join(blobs.folder, hexOf(digest));
}

/** Whether the blob is there, and of this size when one is given; its bytes are not read. */
export async function hasBlob(
  blobs: Pick<Blobs, 'folder'>,
  { digest, size }: { digest: Digest; size?: number },
): Promise<boolean> {
  const found = await lstat(blobPath(blobs, digest)).catch(() => undefined);
  return found?.isFile() === true && (size === undefined || found.size === size);
}

/**
 * The bytes of a small blob, checked against its digest; at most `documentLimit`. Throws `not-found`
 * where it is missing.
 */
export async function readBlob(blobs: Pick<Blobs, 'folder'>, digest: Digest): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(blobPath(blobs, digest), ownFile);
    const content = await readBounded(file, `\`${digest}\``);
    const found = createHash('sha256').update(content).digest('hex');
    if (found !== hexOf(digest)) throw await dropCorrupt(blobs, digest);
    return content;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw ioError(error, `reading blob \`${digest}\``);
    throw new MpkitError('not-found', `blob \`${digest}\` is not in the state folder`, {
      hint: '`mpkit prune` removed it: build again',
      cause: error,
    });
  } finally {
    await file?.close();
  }
}

/**
 * Reads the whole blob again. Throws `corrupt` when its bytes are not those of its name, and drops
 * it: whatever needs it makes it anew.
 */
export async function verifyBlob(
  blobs: Blobs,
  digest: Digest,
  pause = createPause(),
): Promise<void> {
  const hash = createHash('sha256');
  try {
    // what is no file cannot always be opened
    if (!(await lstat(blobPath(blobs, digest))).isFile()) throw await dropCorrupt(blobs, digest);
    const file = await open(blobPath(blobs, digest), ownFile);
    const content = inTurns(file.createReadStream({ highWaterMark: 1 << 20 }), pause);
    for await (const chunk of content) hash.update(chunk);
  } catch (error) {
    throw ioError(error, `reading blob \`${digest}\``);
  }
  if (hash.digest('hex') !== hexOf(digest)) throw await dropCorrupt(blobs, digest);
}

/** All of an open file, unless it is larger than `documentLimit`; also safe when it grows. */
export async function readBounded(file: FileHandle, name: string): Promise<Buffer> {
  const facts = await file.stat();
  if (!facts.isFile()) throw new MpkitError('invalid-image', `${name} is not a regular file`);
  if (facts.size > documentLimit)
    throw new MpkitError(
      'invalid-image',
      `${name} has ${facts.size} bytes, but a document may have ${documentLimit}`,
    );
  const content = Buffer.alloc(facts.size);
  let done = 0;
  while (done < content.length) {
    const { bytesRead } = await file.read(content, done, content.length - done, done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return content.subarray(0, done);
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let done = 0; done < chunk.length; )
    done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
}

function mismatch(expected: BlobFacts, found: string): MpkitError {
  return new MpkitError(
    'invalid-image',
    `expected \`${expected.digest}\` of ${expected.size} bytes, found ${found}`,
  );
}

/** Of what the store holds: neither through a link, nor waiting for somebody who writes. */
export const ownFile = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Drops a blob that holds other bytes than its name says; returns what to throw. */
export async function dropCorrupt(
  blobs: Pick<Blobs, 'folder'>,
  digest: Digest,
): Promise<MpkitError> {
  try {
    removeTree(Buffer.from(blobPath(blobs, digest)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw ioError(error, `removing blob \`${digest}\``);
  }
  return new MpkitError(
    'corrupt',
    `blob \`${digest}\` was changed in the state folder: it has other bytes than its name says`,
    { hint: 'it was dropped: build again, and it is made anew; `mpkit check` looks for others' },
  );
}
