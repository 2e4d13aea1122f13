/**
 * Overlays of a snapshot's layers, mounted nowhere: the descriptor is the root. They vanish with
 * the process, so a killed build leaves no mount.
 */
import { chmodSync, closeSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Scratch, stubLayer } from '../../emulator/index.ts';
import { detachedOverlay } from '../../overlay.ts';
import type { LayerStore, Snapshot } from './layers.ts';

export interface SnapshotMounts {
  /** Read-only view; the caller closes the descriptor. */
  view: (snapshot: Snapshot) => number;
  /** A writable layer on top; `folder` is what it collects. The caller closes `rootFd`. */
  writable: (snapshot: Snapshot, options?: { stub?: boolean }) => WritableMount;
}

export interface WritableMount {
  rootFd: number;
  folder: string;
}

export function snapshotMounts(
  root: string,
  options: { layers: LayerStore; scratch: Scratch },
): SnapshotMounts {
  const { layers, scratch } = options;
  const [empty, alsoEmpty] = [emptyFolder(scratch), emptyFolder(scratch)];
  // Equal layers share a folder, which overlayfs takes once only: the topmost hides the others.
  const lower = (snapshot: Snapshot) => [
    ...new Set(snapshot.map((layer) => layers.folderOf(layer)).reverse()),
  ];
  return {
    view: (snapshot) => {
      const folders = lower(snapshot);
      // overlayfs wants two lower layers where there is no upper one
      const fill = [empty, alsoEmpty].slice(folders.length);
      return detachedOverlay({ lower: [...folders, ...fill] });
    },
    writable: (snapshot, { stub = false } = {}) => {
      layers.requireUnchanged(snapshot);
      const place = scratch.makeWritable('layer');
      const folder = join(place, 'fs');
      const work = join(place, 'work');
      mkdirSync(folder, { mode: 0o755 });
      mkdirSync(work, { mode: 0o700 });
      const base = stub ? [stubLayer(root)] : snapshot.length === 0 ? [empty] : [];
      const rootFd = detachedOverlay({
        lower: [...lower(snapshot), ...base],
        upper: { folder, work },
      });
      return { rootFd, folder };
    },
  };
}

function emptyFolder(scratch: Scratch): string {
  const folder = scratch.make('empty');
  chmodSync(folder, 0o755);
  return folder;
}

/** Closes a descriptor whatever happens meanwhile. */
export async function withFd<T>(fd: number, action: (fd: number) => T | Promise<T>): Promise<T> {
  try {
    return await action(fd);
  } finally {
    closeSync(fd);
  }
}
