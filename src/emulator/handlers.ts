/**
 * Which interpreter a step's own binfmt instance registers for which CPU; together with the runner
 * that asks, the only place that decides it.
 */
import { hasPrivateInstance, type PrivateHandler, privateHandler } from '../binfmt/index.ts';
import { MpkitError } from '../errors.ts';
import type { EmitTransfer } from '../transfer.ts';
import { ensureEmulator } from './catalog.ts';
import { keptChoices } from './kept.ts';
import { once } from './once.ts';
import type { EmulatorRecord } from './record.ts';
import { listEmulators, readEmulator } from './store.ts';
import { usedEmulator } from './used.ts';

export interface HandlerOptions {
  root: string;
  /** Nothing is fetched: what is in the store or on the host must do. */
  offline: boolean;
  onProgress: (text: string) => void;
  onTransfer?: EmitTransfer | undefined;
  signal?: AbortSignal | undefined;
}

/** The emulator of an architecture, and what a step registers to be run by it. */
export interface Handler {
  emulator: EmulatorRecord;
  handler: PrivateHandler;
}

/** undefined: this kernel has no private instances, so the host's handlers must serve. */
export type HandlerFor = (architecture: string, wanted?: string) => Promise<Handler | undefined>;

/** Finds emulators; each is read into memory once, however many steps it serves. */
export function createHandlers(options: HandlerOptions): HandlerFor {
  const { root, offline, onProgress, onTransfer, signal } = options;
  const found = new Map<string, Promise<EmulatorRecord>>();
  const made = new Map<string, Promise<PrivateHandler>>();
  const make = async (record: EmulatorRecord) =>
    privateHandler(record.architecture, await readEmulator(root, record));
  const find = async (architecture: string, wanted: string | undefined) => {
    const { emulators } = await listEmulators(root);
    const used = wanted === undefined && usedEmulator(emulators, architecture, keptChoices(root));
    const how = { offline, onProgress, onTransfer, signal, wanted };
    return used || ensureEmulator(root, architecture, how);
  };
  return async (architecture, wanted) => {
    if (!hasPrivateInstance()) {
      if (wanted === undefined) return undefined;
      throw new MpkitError(
        'host-unable',
        `cannot choose emulator \`${wanted}\`: private handlers need Linux 6.7`,
      );
    }
    const key = `${architecture} ${wanted ?? ''}`;
    const emulator = await once(found, key, () => find(architecture, wanted));
    return { emulator, handler: await once(made, emulator.digest, () => make(emulator)) };
  };
}
