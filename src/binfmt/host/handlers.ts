/** The handlers of an instance, in the order in which the kernel asks them. */
import { opendirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, MpkitError } from '../../errors.ts';
import { type BinfmtEntry, formatEntry, parseEntry, type RegisteredEntry } from '../entry.ts';
import type { HostView } from './view.ts';

/** The first of those that match a file runs it. None where nothing is mounted. */
export function listHandlers(view: HostView): RegisteredEntry[] {
  return readHandlers(view).handlers;
}

export interface Handlers {
  handlers: RegisteredEntry[];
  /** Names of those whose text says something else than a handler. */
  unreadable: string[];
}

export function readHandlers(view: HostView): Handlers {
  const found: Handlers = { handlers: [], unreadable: [] };
  for (const name of namesIn(view.instance))
    try {
      const handler = readHandler(view, name);
      if (handler) found.handlers.push(handler);
    } catch (error) {
      const isForeign = error instanceof MpkitError && error.code === 'invalid-input';
      const isRefused = (error as NodeJS.ErrnoException).code === 'EACCES';
      if (!isForeign && !isRefused) throw error;
      found.unreadable.push(name);
    }
  return found;
}

/** Undefined for what is not registered, or vanishes while we look. */
export function readHandler(view: HostView, name: string): RegisteredEntry | undefined {
  try {
    return parseEntry(name, readFileSync(join(view.instance, name), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** One write(2); what the kernel made of it is read back. Throws `io`, `permission-denied`. */
export function register(view: HostView, entry: BinfmtEntry): RegisteredEntry {
  guarded(`registering \`${entry.name}\``, () =>
    writeFileSync(join(view.instance, 'register'), formatEntry(entry)),
  );
  const found = readHandler(view, entry.name);
  const same =
    found?.enabled &&
    found.interpreter === entry.interpreter &&
    [...entry.flags].every((flag) => found.flags.includes(flag));
  if (found && same) return found;
  throw new Error(`\`${entry.name}\` does not read back as it was registered`);
}

export function unregister(view: HostView, name: string): void {
  guarded(`removing \`${name}\``, () => writeFileSync(join(view.instance, name), '-1'));
}

/** readdir(3) names the newest first, which is the kernel's order; Node's readdir would sort. */
function namesIn(folder: string): string[] {
  const names: string[] = [];
  try {
    const directory = opendirSync(folder);
    for (let each = directory.readSync(); each; each = directory.readSync()) names.push(each.name);
    directory.closeSync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw ioError(error, `reading \`${folder}\``);
  }
  return names.filter((name) => name !== 'register' && name !== 'status');
}

function guarded(action: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw ioError(error, action);
  }
}
