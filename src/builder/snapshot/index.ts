/** Owns unpacked layers and the views made of them. Knows nothing of instructions. */
export { type Journal, openJournal } from './durable.ts';
export {
  chainOf,
  type LayerStore,
  openLayers,
  type Snapshot,
  type SnapshotLayer,
} from './layers.ts';
export { type SnapshotMounts, snapshotMounts, type WritableMount, withFd } from './mount.ts';
