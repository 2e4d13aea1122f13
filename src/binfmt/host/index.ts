/**
 * Owns the handlers of the whole host: which instance is in force, what is registered and by whom,
 * whether it works, and what a boot brings back. Emulators come from the caller.
 */
export { type BootEntry, bootEntries } from './boot-files.ts';
export { type Execution, executeProbe } from './execute.ts';
export { type HostFiles, hostFiles } from './files.ts';
export { type Handlers, listHandlers, readHandlers } from './handlers.ts';
export { installHandlers } from './install.ts';
export type { InstallRow } from './install-row.ts';
export { type Instance, inInitialNamespace, instanceOf, readInstance } from './instance.ts';
export { type Interpreter, interpreterAt } from './interpreter.ts';
export { type Finding as HandlerFinding, judgeEntry, judgeHandler } from './judge.ts';
export { type HostFinding, judgeInstance } from './judge-instance.ts';
export { caughtBy, claimedCpu, ruleFaults } from './match.ts';
export {
  isPersistent,
  type Kept,
  persist,
  persistedInterpreters,
  persistedNames,
  requireBootWay,
} from './persist/index.ts';
export { assumption, type BootWay, bootWay, systemdBinfmt, updateBinfmts } from './persist/way.ts';
export { isPlaced, removeUnused } from './place.ts';
export { needsRoot, prepareInstance } from './prepare.ts';
export type { HostEmulator, InstallOptions } from './replace.ts';
export { type Replay, replayBoot, replayHere } from './replay.ts';
export {
  type HandlerStatus,
  type HostStatus,
  type PlatformStatus,
  readHostStatus,
} from './status.ts';
export { execute, failure, type Tried, works } from './tried.ts';
export { type UninstallReport, uninstallHandlers } from './uninstall.ts';
export {
  type Cell,
  type Property,
  properties,
  type VerifyRow,
  verifyArchitecture,
} from './verify.ts';
export { type HostView, thisHost } from './view.ts';
export { type Owner, ownersOn, winnerOf } from './winner.ts';
