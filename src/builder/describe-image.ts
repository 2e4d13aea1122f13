/** What an image that was built here consists of, read from the store. */
import { MpkitError } from '../errors.ts';
import { type Digest, readBlob, storedBlobs } from './image/index.ts';
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
  const blobs = storedBlobs(root);
  const describe = async ({ platform, digest }: BuildRecord['images'][number]) => {
    const manifest = JSON.parse((await readBlob(blobs, digest as Digest)).toString('utf8'));
    const document = JSON.parse((await readBlob(blobs, manifest.config.digest)).toString('utf8'));
    const layers = manifest.layers.map((each: { digest: string; size: number }) => ({
      digest: each.digest,
      size: each.size,
    }));
    return { platform, digest, layers, config: document.config, history: document.history };
  };
  // somebody may prune meanwhile
  const removed = (error: unknown, { platform, digest }: BuildRecord['images'][number]) => {
    if (!(error instanceof MpkitError) || error.code !== 'not-found') throw error;
    return { platform, digest };
  };
  return Promise.all(
    images.map((image) => describe(image).catch((error) => removed(error, image))),
  );
}
