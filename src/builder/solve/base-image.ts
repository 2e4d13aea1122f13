/** A base image: its layers, each unpacked once whatever builds and platforms use it. */
import { closeSync } from 'node:fs';
import { dirname } from 'node:path';
import { withLock } from '../../emulator/index.ts';
import { MpkitError } from '../../errors.ts';
import { createPause } from '../../pause.ts';
import {
  type Amount,
  applyLayer,
  blobPath,
  checkUnpacked,
  type Digest,
  hasBlob,
  importLayoutBlob,
  type Layout,
  spareOf,
  unpackAllowance,
  verifyBlob,
} from '../image/index.ts';
import { digestOf, type ImageOp } from '../plan/index.ts';
import type { Snapshot } from '../snapshot/index.ts';
import type { Unpacked } from './cache.ts';
import type { Executor } from './executor.ts';
import type { Limit } from './limit.ts';

/**
 * `fresh` is called once something has to be read or unpacked, which runs in `limit`. Whoever names a layer has to have
 * it: each blob is fetched, or had been, and is known to unpack to what the image says, before a
 * layer that other images brought is used. So an image gives the same, whatever is stored here.
 */
export async function unpackImage(
  op: ImageOp,
  executor: Executor,
  unpacking: Unpacking = { fresh: () => {}, limit: (action) => action() },
): Promise<Snapshot> {
  const { layout, resolved } = executor.image(op.manifest);
  const { layers } = resolved.manifest;
  const snapshot: Snapshot = [];
  const spare = spareOf(dirname(executor.layers.folderOf({ diffId: '' })));
  const sizes = layers.map(({ size }) => size);
  let left = unpackAllowance(sizes);
  for (const [at, blob] of layers.entries()) {
    const diffId = resolved.config.rootfs.diff_ids[at];
    if (!diffId) throw new MpkitError('invalid-image', 'the config names too few layers');
    const layer: BaseLayer = { diffId, blob, layout, below: snapshot, left, spare };
    const { uncompressedSize, data } = await namingLayer(layer, at, layers.length, () =>
      unpackLayer(layer, executor, unpacking),
    );
    const empty = left.empty - (uncompressedSize - data);
    left = { ...left, data: left.data - data, empty };
    const { mediaType, digest, size } = blob;
    snapshot.push({ diffId, uncompressedSize, blob: { mediaType, digest, size } });
  }
  return snapshot;
}

export interface Unpacking {
  fresh: () => void;
  limit: Limit;
}

interface BaseLayer {
  diffId: Digest;
  blob: { mediaType: string; digest: Digest; size: number };
  layout: Layout;
  below: Snapshot;
  /** What it may unpack to. */
  left: Amount;
  spare: () => number;
}

async function unpackLayer(
  layer: BaseLayer,
  executor: Executor,
  { fresh, limit }: Unpacking,
): Promise<Unpacked> {
  const { diffId, blob, layout } = layer;
  const isStored = await hasBlob(executor.blobs, blob);
  const key = digestOf(['unpacked', blob.digest, blob.mediaType]);
  const proven = () => executor.cache.findUnpacked(key);
  const asBefore = (): Unpacked | undefined => {
    const before = proven();
    if (!executor.layers.find(diffId) || before?.diffId !== diffId) return undefined;
    const { data, uncompressedSize } = before;
    const { left, spare } = layer;
    // what lies on the disk takes no more of it
    const isWithin = data <= left.data || spare() >= 0;
    return isWithin && uncompressedSize - data <= left.empty ? before : undefined;
  };
  const known = isStored ? asBefore() : undefined;
  if (known) return known;
  const { signal } = executor;
  const lock = { how: 'exclusive', timeout: lockTimeout, signal, isTransient: true } as const;
  const unpack = async () => {
    // what was waited for is no part of it
    fresh();
    await possess(layout, blob, executor);
    const meanwhile = asBefore();
    if (meanwhile) return meanwhile;
    const amount = await (executor.layers.find(diffId) ? check : apply)(layer, executor);
    const unpacked = { diffId, uncompressedSize: amount.data + amount.empty, data: amount.data };
    executor.cache.putUnpacked(key, unpacked);
    return unpacked;
  };
  const lockFile = executor.cache.lockFile(diffId.slice('sha256:'.length));
  return withLock(lockFile, lock, () => limit(unpack));
}

/** A blob that was changed since it was stored is taken from the layout once more. */
async function possess(layout: Layout, blob: BaseLayer['blob'], executor: Executor): Promise<void> {
  const pause = createPause(executor.signal);
  if (await hasBlob(executor.blobs, blob)) {
    const verified = verifyBlob(executor.blobs, blob.digest, pause);
    const changed = await verified.catch((error) => error);
    if (!changed) return;
    if (changed.code !== 'corrupt') throw changed;
  }
  await importLayoutBlob(layout, blob, executor.blobs, pause);
}

/** Somebody else's layer of that name is there: is it this one? */
function check(
  { diffId, blob, left, spare }: BaseLayer,
  { blobs, signal }: Executor,
): Promise<Amount> {
  const { mediaType } = blob;
  const options = { blob: blobPath(blobs, blob.digest), mediaType, most: left, spare, signal };
  return checkUnpacked({ ...options, expectedDiffId: diffId });
}

async function apply(layer: BaseLayer, executor: Executor): Promise<Amount> {
  const { diffId, blob, below, left, spare } = layer;
  const { rootFd, folder } = executor.mounts.writable(below);
  let amount: Amount;
  try {
    amount = await applyLayer({
      blob: blobPath(executor.blobs, blob.digest),
      mediaType: blob.mediaType,
      rootFd,
      expectedDiffId: diffId,
      most: left,
      spare,
      ignoreOwners: executor.singleId,
      signal: executor.signal,
    });
  } finally {
    closeSync(rootFd);
  }
  await executor.layers.commit(folder, { diffId, uncompressedSize: amount.data + amount.empty });
  return amount;
}

/** Says which layer it was that could not be had. */
async function namingLayer<T>(
  { blob }: BaseLayer,
  at: number,
  count: number,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof MpkitError) || error.code !== 'invalid-image') throw error;
    const which = `layer ${at + 1} of ${count} (\`${blob.digest.slice(0, 19)}\`)`;
    const { hint, cause } = error;
    throw new MpkitError('invalid-image', `${which}: ${error.message}`, { hint, cause });
  }
}

/** Milliseconds: another build may be unpacking something large. */
export const lockTimeout = 6 * 3600 * 1000;
