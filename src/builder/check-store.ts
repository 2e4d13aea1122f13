/** Reads everything in the state folder that images are made of: is it as it was made? */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Scratch } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { namesIn } from '../small-files.ts';
import { type Digest, openBlobs, verifyBlob } from './image/index.ts';
import { openJournal, openLayers } from './snapshot/index.ts';

export interface StoreCheck {
  blobs: number;
  /** Of the blobs. */
  bytes: number;
  layers: number;
  /** What was changed, and is dropped. */
  damaged: string[];
}

/** Throws `io` for what cannot be read; what was changed is dropped, so that it is made anew. */
export async function checkStore(root: string, scratch: Scratch): Promise<StoreCheck> {
  const result: StoreCheck = { blobs: 0, bytes: 0, layers: 0, damaged: [] };
  const blobs = await openBlobs(root, scratch.folder);
  for (const name of readdirSync(blobs.folder)) {
    result.blobs++;
    result.bytes += statSync(join(blobs.folder, name)).size;
    const digest: Digest = `sha256:${name}`;
    if (await isDamaged(() => verifyBlob(blobs, digest))) result.damaged.push(`blob ${digest}`);
  }
  const layers = openLayers(root, openJournal(root, scratch.folder), scratch);
  for (const name of namesIn(join(root, 'layers'), /^[0-9a-f]{64}\.json$/)) {
    const layer = layers.find(`sha256:${name.slice(0, 64)}`);
    if (!layer) continue;
    result.layers++;
    if (await isDamaged(() => layers.requireUnchanged([layer])))
      result.damaged.push(`layer ${layer.diffId}`);
  }
  return result;
}

async function isDamaged(check: () => Promise<void> | void): Promise<boolean> {
  try {
    await check();
    return false;
  } catch (error) {
    if (error instanceof MpkitError && error.code === 'corrupt') return true;
    throw error;
  }
}
