/** The end of one platform: its file system is checked against its claim and becomes an image. */
import { closeSync } from 'node:fs';
import { normalizePlatform } from '../platform.ts';
import {
  assembleImage,
  checkTruthful,
  type Digest,
  formatTime,
  hasBlob,
  type ImageConfig,
  type ImageLayer,
  writeLayer,
} from './image/index.ts';
import type { PlannedImage } from './plan/index.ts';
import type { Snapshot, SnapshotLayer } from './snapshot/index.ts';
import type { Executor } from './solve/index.ts';

export type BuiltImage = Awaited<ReturnType<typeof assembleImage>>;

export async function finishImage(
  { platform, state }: PlannedImage,
  snapshot: Snapshot,
  { executor, epoch }: { executor: Executor; epoch: number | undefined },
): Promise<BuiltImage> {
  const config = documentOf({ platform, state }, epoch);
  const rootFd = executor.mounts.view(snapshot);
  try {
    const claim = normalizePlatform(platform);
    checkTruthful({ rootFd, config, platform: claim, stagePlatform: state.platform });
  } finally {
    closeSync(rootFd);
  }
  const layers: ImageLayer[] = [];
  for (const layer of snapshot) layers.push(await withBlob(layer, { executor, epoch }));
  return assembleImage({ config, layers, blobs: executor.blobs });
}

/** The configuration document; every row made here and the image carry one time. */
function documentOf(
  { platform, state }: Pick<PlannedImage, 'platform' | 'state'>,
  epoch: number | undefined,
): ImageConfig {
  const created = formatTime(epoch ?? Math.floor(Date.now() / 1000));
  const { os, architecture, variant } = normalizePlatform(platform);
  const { config, ...others } = state.image;
  const { OnBuild: _, ...runtime } = config;
  const { variant: __, ...document } = others;
  const used = Object.entries(runtime).filter(([, value]) => value !== undefined && value !== null);
  return {
    ...document,
    created,
    architecture,
    os,
    ...(variant ? { variant } : {}),
    config: Object.fromEntries(used),
    rootfs: { type: 'layers', diff_ids: [] },
    history: state.history.map((row) => ({ created, ...row })),
  } as ImageConfig;
}

/** The compressed form of a layer: the base's own, what was made of it before, or made now. */
async function withBlob(
  layer: SnapshotLayer,
  { executor, epoch }: { executor: Executor; epoch: number | undefined },
): Promise<ImageLayer> {
  const { diffId, blob } = layer;
  if (blob && (await hasBlob(executor.blobs, { digest: blob.digest as Digest, size: blob.size })))
    return { diffId: diffId as Digest, ...blob, digest: blob.digest as Digest };
  const written = await writeLayer(executor.layers.folderOf(layer), {
    blobs: executor.blobs,
    epoch,
  });
  if (written.diffId !== diffId) throw executor.layers.dropChanged(layer);
  const { mediaType, digest, size } = written;
  executor.layers.update({ ...layer, blob: { mediaType, digest, size } });
  return written;
}
