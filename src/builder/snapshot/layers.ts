/**
 * The unpacked layers, each a folder in overlay form named by its diffID, beside a record of what
 * is known of it. A layer that exists is complete: it was made elsewhere and renamed.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Scratch, withLock } from '../../emulator/index.ts';
import { MpkitError } from '../../errors.ts';
import { removeTree } from '../../remove-tree.ts';
import type { Journal } from './durable.ts';
import { fingerprintOf } from './fingerprint.ts';
import { giveSmallOffsets } from './small-offsets.ts';

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
  /** Throws `corrupt` where a folder is not as it was made; looks at each layer once. */
  requireUnchanged: (snapshot: Snapshot) => void;
  /** Forgets a layer that was changed, so that it is made anew; returns what to throw. */
  dropChanged: (layer: Pick<SnapshotLayer, 'diffId'>) => MpkitError;
}

interface LayerRecord extends SnapshotLayer {
  fingerprint?: string;
}

/** Where the state folder cannot hold writable layers all are in `memory`, until this process ends. */
export function openLayers(
  root: string,
  journal: Journal,
  { memory }: Pick<Scratch, 'memory'>,
): LayerStore {
  const store = join(root, 'layers');
  const folders = memory ? join(memory, 'layers') : store;
  for (const folder of [store, folders, join(root, 'locks')])
    mkdirSync(folder, { recursive: true });
  const folderOf = ({ diffId }: Pick<SnapshotLayer, 'diffId'>) => join(folders, hex(diffId));
  const recordOf = (diffId: string) => join(store, `${hex(diffId)}.json`);
  const find = (diffId: string) => {
    const { fingerprint: _, ...layer } = recordAt(diffId) ?? {};
    return layer.diffId === diffId && existsSync(folderOf({ diffId }))
      ? (layer as SnapshotLayer)
      : undefined;
  };
  const recordAt = (diffId: string) =>
    journal.read<LayerRecord>(recordOf(diffId)) as Partial<LayerRecord> | undefined;
  const update = (layer: SnapshotLayer) => {
    const { fingerprint } = recordAt(layer.diffId) ?? {};
    journal.write(recordOf(layer.diffId), { ...layer, ...(fingerprint && { fingerprint }) });
  };
  const commit = (folder: string, layer: SnapshotLayer) => {
    const lock = join(root, 'locks', `layer-${hex(layer.diffId).slice(0, 2)}`);
    return withLock(lock, { how: 'exclusive' }, async () => {
      const known = find(layer.diffId);
      if (!known) {
        giveSmallOffsets(folder);
        takeOver(folder, folderOf(layer));
        const fingerprint = fingerprintOf(folderOf(layer));
        journal.write(recordOf(layer.diffId), { ...layer, fingerprint });
        checked.add(layer.diffId);
        return layer;
      }
      removeTree(Buffer.from(folder));
      if (layer.blob && !known.blob) update({ ...known, blob: layer.blob });
      return { ...layer, ...known };
    });
  };
  const checked = new Set<string>();
  const requireUnchanged = (snapshot: Snapshot) => {
    for (const layer of snapshot) {
      if (checked.has(layer.diffId)) continue;
      const { fingerprint } = recordAt(layer.diffId) ?? {};
      if (fingerprint && fingerprintOf(folderOf(layer)) !== fingerprint) throw dropChanged(layer);
      checked.add(layer.diffId);
    }
  };
  const dropChanged = (layer: Pick<SnapshotLayer, 'diffId'>) => {
    rmSync(recordOf(layer.diffId), { force: true });
    const path = folderOf(layer);
    return new MpkitError('corrupt', `layer \`${path}\` was changed after it was made`, {
      hint: 'it was dropped: build again, and it is made anew; `mpkit check` looks for others',
    });
  };
  return { folderOf, find, update, commit, requireUnchanged, dropChanged };
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
