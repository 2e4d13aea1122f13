/** Reads everything in the state folder that images are made of: is it as it was made? */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Scratch } from '../emulator/index.ts';
import { ioError, MpkitError } from '../errors.ts';
import { namesIn } from '../small-files.ts';
import { type Digest, isDigest, openBlobs, verifyBlob } from './image/index.ts';
import { type LayerStore, openJournal, openLayers, type SnapshotLayer } from './snapshot/index.ts';

export interface StoreCheck {
  blobs: number;
  /** Of the blobs. */
  bytes: number;
  layers: number;
  /** What was changed, and is dropped. */
  damaged: string[];
  /** What could not be looked at, and why. */
  unreadable: string[];
}

/** What was changed is dropped, so that it is made anew; what cannot be read is told and stays. */
export async function checkStore(root: string, scratch: Scratch): Promise<StoreCheck> {
  const result: StoreCheck = { blobs: 0, bytes: 0, layers: 0, damaged: [], unreadable: [] };
  const note = async (what: string, check: () => Promise<void> | void) => {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof MpkitError)) throw error;
      if (error.code === 'corrupt') result.damaged.push(what);
      else result.unreadable.push(`${what}: ${error.message}`);
    }
  };
  const blobs = await openBlobs(root, scratch.folder);
  for (const name of readdirSync(blobs.folder)) {
    const is = lstatSync(join(blobs.folder, name), { throwIfNoEntry: false });
    if (!is) continue;
    result.blobs++;
    if (is.isFile()) result.bytes += is.size;
    const digest: Digest = `sha256:${name}`;
    if (!isDigest(digest)) {
      result.unreadable.push(`\`${join(blobs.folder, name)}\`: no blob has such a name; remove it`);
      continue;
    }
    await note(`blob ${digest}${kindOf(is)}`, () => verifyBlob(blobs, digest));
  }
  const layers = openLayers(root, openJournal(root, scratch.folder), scratch);
  for (const name of namesIn(join(root, 'layers'), /^[0-9a-f]{64}\.json$/)) {
    const layer = layers.find(`sha256:${name.slice(0, 64)}`);
    if (!layer) continue;
    result.layers++;
    await note(`layer ${layer.diffId}`, () => requireUnchanged(layers, layer));
  }
  return result;
}

/** Where it is not the file that it should be. */
function kindOf(is: Stats): string {
  if (is.isFile()) return '';
  if (is.isDirectory()) return ' (a folder)';
  return is.isSymbolicLink() ? ' (a link)' : ' (no file)';
}

function requireUnchanged(layers: LayerStore, layer: SnapshotLayer): void {
  try {
    layers.requireUnchanged([layer]);
  } catch (error) {
    throw ioError(error, 'reading it');
  }
}
