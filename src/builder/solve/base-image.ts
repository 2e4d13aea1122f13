/** A base image: its layers, each unpacked once whatever builds and platforms use it. */
import { closeSync } from 'node:fs';
import { withLock } from '../../emulator/index.ts';
import { MpkitError } from '../../errors.ts';
import { applyLayer, blobPath, type Digest, importLayoutBlob } from '../image/index.ts';
import type { ImageOp } from '../plan/index.ts';
import type { Snapshot, SnapshotLayer } from '../snapshot/index.ts';
import type { Executor } from './executor.ts';

/** `fresh` is called once something has to be unpacked. */
export async function unpackImage(
  op: ImageOp,
  executor: Executor,
  fresh: () => void,
): Promise<Snapshot> {
  const { resolved } = executor.image(op.manifest);
  const snapshot: Snapshot = [];
  for (const [at, layer] of resolved.manifest.layers.entries()) {
    const diffId = resolved.config.rootfs.diff_ids[at];
    if (!diffId) throw new MpkitError('invalid-image', 'the config names too few layers');
    const known = executor.layers.find(diffId);
    if (!known) fresh();
    snapshot.push(known ?? (await unpackLayer(op, { diffId, layer, below: snapshot }, executor)));
  }
  return snapshot;
}

interface LayerToUnpack {
  diffId: Digest;
  layer: { mediaType: string; digest: Digest; size: number };
  below: Snapshot;
}

async function unpackLayer(
  op: ImageOp,
  { diffId, layer, below }: LayerToUnpack,
  executor: Executor,
): Promise<SnapshotLayer> {
  const { layout } = executor.image(op.manifest);
  const lock = executor.cache.lockFile(diffId.slice('sha256:'.length));
  return withLock(
    lock,
    { how: 'exclusive', timeout: lockTimeout, signal: executor.signal },
    async () => {
      const known = executor.layers.find(diffId);
      if (known) return known;
      await importLayoutBlob(layout, layer, executor.blobs);
      const { rootFd, folder } = executor.mounts.writable(below);
      try {
        await applyLayer({
          blob: blobPath(executor.blobs, layer.digest),
          mediaType: layer.mediaType,
          rootFd,
          expectedDiffId: diffId,
          ignoreOwners: executor.singleId,
          signal: executor.signal,
        });
      } finally {
        closeSync(rootFd);
      }
      return executor.layers.commit(folder, {
        diffId,
        uncompressedSize: 0,
        blob: { mediaType: layer.mediaType, digest: layer.digest, size: layer.size },
      });
    },
  );
}

/** Milliseconds: another build may be unpacking something large. */
export const lockTimeout = 6 * 3600 * 1000;
