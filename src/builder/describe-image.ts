/** What an image that was built here consists of, read from the store. */
import { join } from 'node:path';
import { type Digest, hasBlob, openBlobs, readBlob } from './image/index.ts';
import type { BuildRecord } from './record.ts';

export interface ImageDescription {
  platform: string;
  digest: string;
  /** Absent where `mpkit prune` has removed it since. */
  layers?: { digest: string; size: number }[];
  /** The runtime part of the configuration: Env, Cmd, User … */
  config?: Record<string, unknown>;
  history?: { created_by?: string; empty_layer?: boolean }[];
}

export async function describeImages(
  root: string,
  { images }: BuildRecord,
): Promise<ImageDescription[]> {
  // nothing is written
  const blobs = await openBlobs(root, join(root, 'tmp'));
  const describe = async ({ platform, digest, size }: BuildRecord['images'][number]) => {
    if (!(await hasBlob(blobs, { digest: digest as Digest, size }))) return { platform, digest };
    const manifest = JSON.parse((await readBlob(blobs, digest as Digest)).toString('utf8'));
    const document = JSON.parse((await readBlob(blobs, manifest.config.digest)).toString('utf8'));
    const layers = manifest.layers.map((each: { digest: string; size: number }) => ({
      digest: each.digest,
      size: each.size,
    }));
    return { platform, digest, layers, config: document.config, history: document.history };
  };
  return Promise.all(images.map(describe));
}
