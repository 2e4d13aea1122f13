/**
 * Unpacks a layer (image-spec, layer.md) into a root folder, which is an overlay of the layers
 * below: its upper folder then is the snapshot, with the kernel's own whiteouts. The blob is
 * checked against its diffId on the way.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ioError, MpkitError } from '../../errors.ts';
import { createPause, inTurns } from '../../pause.ts';
import { brokenPacking, decompress } from './decompress.ts';
import type { Digest } from './digest.ts';
import { entryError } from './entry-error.ts';
import { meaningOf, parseEntryPath } from './entry-path.ts';
import { type LayerTarget, openTarget } from './layer-target.ts';
import { compressionOf } from './media-types.ts';
import { readTar, type TarMember } from './tar-read.ts';
import { type Amount, createMeter, overLimit } from './unpack-limit.ts';

export interface ApplyOptions {
  /** The blob's file, its digest already checked. */
  blob: string;
  mediaType: string;
  /** Of the merged root to write into; stays open. */
  rootFd: number;
  expectedDiffId: Digest;
  most: Amount;
  /** Bytes that the disk may still take beyond that; none unless told. */
  spare?: () => number;
  /** Everything belongs to root: for a user namespace that maps one id only. */
  ignoreOwners?: boolean;
  signal?: AbortSignal;
}

/**
 * Returns what it unpacked to. Throws `invalid-image` naming the entry, `not-supported`,
 * `host-unable` for an owner outside the namespace's ids, `interrupted`, `disk-full` or `io`. After
 * any failure the caller removes the upper folder.
 */
export async function applyLayer(options: ApplyOptions): Promise<Amount> {
  const { rootFd, ignoreOwners = false } = options;
  const target = openTarget(rootFd, { ignoreOwners });
  try {
    return await readUnpacked(options, async (source, addHoles) => {
      for await (const member of readTar(source)) {
        if (member.sparse) addHoles(member.sparse.size - member.size);
        await applyMember(target, member);
      }
      target.finish();
    });
  } finally {
    target.close();
  }
}

/** Throws as `applyLayer` does where the blob unpacks to something else; makes nothing of it. */
export async function checkUnpacked(options: Omit<ApplyOptions, 'rootFd'>): Promise<Amount> {
  return readUnpacked(options, async (source) => {
    for await (const _ of source);
  });
}

/** `read` takes all of it, and tells which holes it stands for besides. */
async function readUnpacked(
  { blob, mediaType, expectedDiffId, most, spare, signal }: Omit<ApplyOptions, 'rootFd'>,
  read: (source: AsyncIterable<Buffer>, addHoles: (length: number) => void) => Promise<void>,
): Promise<Amount> {
  const compression = compressionOf(mediaType);
  const hash = createHash('sha256');
  const meter = createMeter(() => most, overLimit, spare);
  let file: FileHandle | undefined;
  try {
    file = await open(blob, constants.O_RDONLY | constants.O_NOFOLLOW);
    const raw = file.createReadStream({ highWaterMark: 1 << 18, autoClose: false });
    const unpacked = inTurns(decompress(raw, compression), createPause(signal));
    const source = watched(unpacked, (chunk) => {
      meter.addChunk(chunk);
      hash.update(chunk);
    });
    await read(source, meter.addHoles);
  } catch (error) {
    throw explain(error);
  } finally {
    await file?.close();
  }
  const diffId = `sha256:${hash.digest('hex')}`;
  if (diffId === expectedDiffId) return meter.used;
  throw new MpkitError(
    'invalid-image',
    `a layer unpacks to \`${diffId}\`, but its image says \`${expectedDiffId}\``,
  );
}

async function applyMember(target: LayerTarget, member: TarMember): Promise<void> {
  const path = parseEntryPath(member.name);
  const meaning = meaningOf(member.name, path);
  try {
    if (meaning.kind === 'opaque') target.hideLower(path.parent);
    else if (meaning.kind === 'whiteout') target.hideLower(path.parent, meaning.hidden);
    else if (meaning.kind === 'entry') await target.create(path, member);
  } catch (error) {
    throw entryError(error, member);
  }
}

async function* watched(
  source: AsyncIterable<Buffer>,
  see: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    see(chunk);
    yield chunk;
  }
}

function explain(error: unknown): unknown {
  const broken = brokenPacking(error);
  if (broken !== undefined)
    return new MpkitError('invalid-image', `a layer that cannot be unpacked: ${broken}`, {
      cause: error,
    });
  return ioError(error, 'unpacking a layer');
}
