/**
 * Owns emulators: where they come from, which one is used, and that its bytes are what was added.
 * Registers nothing in the kernel (`binfmt`) and knows nothing of images (`builder`).
 */
export { type EnsureOptions, ensureEmulator, isOffline } from './catalog.ts';
export { chooseEmulator } from './choose.ts';
export { cpuModel } from './cpu-model.ts';
export type { EmulatorRecord } from './record.ts';
export { addFromDebian, type FetchOptions, withDownloadFolder } from './sources/debian.ts';
export { addFile, addFromHost, type HostResult } from './sources/path.ts';
export {
  emulatorPath,
  listEmulators,
  type RemovedEmulator,
  readEmulator,
  removeEmulator,
  type StoreListing,
} from './store.ts';
