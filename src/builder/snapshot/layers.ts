/**
 * The unpacked layers, each a folder in overlay form named by its diffID, beside a record of what
 * is known of it. A layer that exists is complete: it was made elsewhere and renamed.
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../../emulator/index.ts';
import { removeTree } from '../../remove-tree.ts';
import type { Journal } from './durable.ts';

export interface SnapshotLayer {
  /** Uncompressed digest, `sha256:…`. */
  diffId: string;
  uncompressedSize: number;
  /** The compressed form, where it was needed once. */
  blob?: { mediaType: string; digest: string; size: number };
}

/** A file system: its layers, the lowest first. */
export type Snapshot = SnapshotLayer[];

export interface LayerStore {
  folderOf: (layer: Pick<SnapshotLayer, 'diffId'>) => string;
  find: (diffId: string) => SnapshotLayer | undefined;
  /** Takes over `folder`; where the layer exists already the folder is removed. */
  commit: (folder: string, layer: SnapshotLayer) => Promise<SnapshotLayer>;
  update: (layer: SnapshotLayer) => void;
}

export function openLayers(root: string, journal: Journal): LayerStore {
  const store = join(root, 'layers');
  for (const folder of [store, join(root, 'locks')]) mkdirSync(folder, { recursive: true });
  const folderOf = ({ diffId }: Pick<SnapshotLayer, 'diffId'>) => join(store, hex(diffId));
  const recordOf = (diffId: string) => join(store, `${hex(diffId)}.json`);
  const find = (diffId: string) => {
    const record = journal.read<SnapshotLayer>(recordOf(diffId));
    return record?.diffId === diffId && existsSync(folderOf(record)) ? record : undefined;
  };
  const update = (layer: SnapshotLayer) => journal.write(recordOf(layer.diffId), layer);
  const commit = (folder: string, layer: SnapshotLayer) => {
    const lock = join(root, 'locks', `layer-${hex(layer.diffId).slice(0, 2)}`);
    return withLock(lock, { how: 'exclusive' }, async () => {
      const known = find(layer.diffId);
      if (!known) {
        takeOver(folder, folderOf(layer));
        update(layer);
        return layer;
      }
      removeTree(Buffer.from(folder));
      if (layer.blob && !known.blob) update({ ...known, blob: layer.blob });
      return { ...layer, ...known };
    });
  };
  return { folderOf, find, update, commit };
}

/** Identity of a file system: equal layers in equal order. */
export function chainOf(snapshot: Snapshot): string {
  return snapshot.map(({ diffId }) => hex(diffId)).join('.');
}

/** Under the layer's lock: what is there without a valid record was left by a crash. */
function takeOver(folder: string, target: string): void {
  if (existsSync(target)) removeTree(Buffer.from(target));
  renameSync(folder, target);
}

function hex(diffId: string): string {
  return diffId.replace(/^sha256:/, '');
}
