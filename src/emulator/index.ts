/**
 * Owns running foreign programs: where emulators come from, which one runs what, that its bytes are
 * what was added; the namespace of a build and the sandbox of one step. Knows nothing of
 * Dockerfiles and images.
 */
export { type EnsureOptions, ensureEmulator, isOffline } from './catalog.ts';
export { chooseEmulator } from './choose.ts';
export { cpuModel, defaultCpu, isCpuModel } from './cpu-model.ts';
export { guestEnvironment, guestFiles, guestHostname } from './guest.ts';
export {
  dropChoices,
  type KeptChoice,
  type KeptChoices,
  keepChoices,
  keptChoice,
  keptChoices,
} from './kept.ts';
export type { Loan } from './loans.ts';
export { hostLock, withLock } from './lock.ts';
export { enterNamespace, isInside } from './namespace.ts';
export { type ChosenNetwork, chooseNetwork, type Network } from './network.ts';
export { moreIds, unmappedIds, whereIdsEnd } from './own-ids.ts';
export type { EmulatorRecord } from './record.ts';
export {
  createRunners,
  type EmulatorChoice,
  type Forecast,
  isNative,
  type Runner,
  type Runners,
} from './runner.ts';
export { type Identity, runStep, type Step, type StepResult } from './sandbox.ts';
export { emptyState, openScratch, type Scratch, stubLayer } from './scratch.ts';
export { addFromDebian, type FetchOptions, withDownloadFolder } from './sources/debian.ts';
export { addFile, addFromHost, type HostResult } from './sources/path.ts';
export { requireState, storeIsOfHost } from './state-folder.ts';
export {
  emulatorPath,
  listEmulators,
  type RemovedEmulator,
  readEmulator,
  removeEmulator,
  type StoreListing,
} from './store.ts';
export { usedEmulator, usedModel } from './used.ts';
export {
  parseId,
  requireMapped,
  resolveGroup,
  resolveUser,
  splitOwner,
  type User,
} from './user.ts';
