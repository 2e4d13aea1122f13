/**
 * Which interpreter the private binfmt instance registers for which CPU; together with the runner
 * that asks, the only place that decides it.
 */
import { hasPrivateInstance, registerPrivate, unregisterPrivate } from '../binfmt/index.ts';
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

/** The emulator of an architecture, and the way to make it the registered one. */
export interface Handler {
  emulator: EmulatorRecord;
  engage: () => Promise<void>;
}

/** undefined: this kernel has no private instances, so the host's handlers must serve. */
export type HandlerFor = (architecture: string, wanted?: string) => Promise<Handler | undefined>;

/** Finds emulators and swaps their handlers: the kernel knows one of each CPU at a time. */
export function createHandlers(options: HandlerOptions): HandlerFor {
  const { root, offline, onProgress, onTransfer, signal } = options;
  const found = new Map<string, Promise<EmulatorRecord>>();
  const programs = new Map<string, Promise<Buffer>>();
  const registered = new Map<string, string>();
  const engage = async (record: EmulatorRecord) => {
    const { architecture, digest } = record;
    if (registered.get(architecture) === digest) return;
    const program = await once(programs, digest, () => readEmulator(root, record));
    if (registered.get(architecture) === digest) return;
    if (registered.delete(architecture)) unregisterPrivate(architecture);
    registerPrivate(architecture, program);
    registered.set(architecture, digest);
  };
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
    return { emulator, engage: () => engage(emulator) };
  };
}
