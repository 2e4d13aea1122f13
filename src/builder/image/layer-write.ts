/**
 * A snapshot's upper folder as a layer: deterministic tar, gzip, blob store, both digests in one
 * pass (image-spec, layer.md). `diffId` names the tar, `digest` what is stored.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { ioError, MpkitError } from '../../errors.ts';
import { createPause, type Pause } from '../../pause.ts';
import { type Blobs, putBlob } from './blobs.ts';
import type { Digest } from './digest.ts';
import { gzip } from './gzip.ts';
import { type LayerItem, layerEntries } from './layer-entries.ts';
import { readableItems } from './layer-readable.ts';
import { mediaTypes } from './media-types.ts';
import { encodeHeader, endOfArchive, padding } from './tar-header.ts';

export interface Layer {
  mediaType: string;
  /** Of the compressed bytes, as `size` is. */
  digest: Digest;
  size: number;
  /** Of the uncompressed bytes, as `uncompressedSize` is. */
  diffId: Digest;
  uncompressedSize: number;
}

export interface LayerOptions {
  blobs: Blobs;
  /** SOURCE_DATE_EPOCH in seconds: later times are lowered to it. */
  epoch?: number | undefined;
  /** zlib's 0 to 9; without it 4, which takes half the time of 6 for 3 % more bytes. */
  level?: number;
  /** Between two pieces. */
  pause?: Pause;
}

/** Throws `disk-full`, `io`, or `invalid-image` for what no layer can hold. */
export async function writeLayer(folder: string, options: LayerOptions): Promise<Layer> {
  const { blobs, epoch, level = 4, pause = createPause() } = options;
  const tar = hashed(tarChunks(readableItems(layerEntries(folder, epoch))), pause);
  try {
    const { digest, size } = await putBlob(blobs, gzip(tar.chunks, level));
    return { mediaType: mediaTypes.layerGzip, digest, size, ...tar.result() };
  } catch (error) {
    throw ioError(error, 'writing a layer');
  }
}

/** What `writeLayer` would find, without compressing or storing anything. */
export async function hashLayer(
  folder: string,
  { epoch, pause = createPause() }: Pick<LayerOptions, 'epoch' | 'pause'> = {},
): Promise<Pick<Layer, 'diffId' | 'uncompressedSize'>> {
  const tar = hashed(tarChunks(layerEntries(folder, epoch)), pause);
  try {
    for await (const _ of tar.chunks);
  } catch (error) {
    throw ioError(error, 'reading a layer');
  }
  return tar.result();
}

/**
 * The archive of `items`, in pieces of up to 1 MiB. A file that changes its length meanwhile
 * throws: its header would lie.
 */
export function* tarChunks(items: Iterable<LayerItem>): Generator<Buffer> {
  let batch = Buffer.allocUnsafe(batchSize);
  let filled = 0;
  for (const { entry, content } of items) {
    const header = encodeHeader(entry);
    const whole = header.length + entry.size + padding(entry.size).length;
    if (filled + whole > batchSize && filled > 0) {
      yield batch.subarray(0, filled);
      batch = Buffer.allocUnsafe(batchSize);
      filled = 0;
    }
    if (whole > batchSize) {
      yield header;
      yield* largeFile(content!, entry.size);
      yield padding(entry.size);
      continue;
    }
    filled += header.copy(batch, filled);
    if (entry.size === 0) continue;
    smallFile(content!, batch.subarray(filled, filled + entry.size));
    filled += entry.size;
    filled += padding(entry.size).copy(batch, filled);
  }
  if (filled > 0) yield batch.subarray(0, filled);
  yield endOfArchive;
}

const batchSize = 1024 * 1024;

function hashed(source: Iterable<Buffer>, pause: Pause) {
  const hash = createHash('sha256');
  let uncompressedSize = 0;
  async function* chunks() {
    for (const chunk of source) {
      await pause();
      hash.update(chunk);
      uncompressedSize += chunk.length;
      yield chunk;
    }
  }
  const result = () => ({ diffId: `sha256:${hash.digest('hex')}` as Digest, uncompressedSize });
  return { chunks: chunks(), result };
}

function* largeFile(path: Buffer, size: number): Generator<Buffer> {
  const fd = openFile(path);
  try {
    for (let left = size; left > 0; ) {
      const chunk = Buffer.allocUnsafe(Math.min(left, batchSize));
      readExactly(fd, chunk, path);
      left -= chunk.length;
      yield chunk;
    }
    checkEnd(fd, path);
  } finally {
    closeSync(fd);
  }
}

function smallFile(path: Buffer, into: Buffer): void {
  const fd = openFile(path);
  try {
    readExactly(fd, into, path);
    checkEnd(fd, path);
  } finally {
    closeSync(fd);
  }
}

function openFile(path: Buffer): number {
  return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

function readExactly(fd: number, into: Buffer, path: Buffer): void {
  for (let done = 0; done < into.length; ) {
    const read = readSync(fd, into, done, into.length - done, null);
    if (read === 0) throw changed(path);
    done += read;
  }
}

function checkEnd(fd: number, path: Buffer): void {
  if (readSync(fd, Buffer.alloc(1), 0, 1, null) !== 0) throw changed(path);
}

function changed(path: Buffer): MpkitError {
  return new MpkitError('io', `\`${path}\` changed its size while its layer was written`);
}
