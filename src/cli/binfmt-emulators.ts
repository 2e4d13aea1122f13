/** Where `binfmt install` gets its emulators: mpkit's store, or a program that the user names. */
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cpus, type HostEmulator } from '../binfmt/index.ts';
import {
  addFile,
  addFromDebian,
  addFromHost,
  chooseEmulator,
  type EmulatorRecord,
  emulatorPath,
  enterNamespace,
  isOffline,
  listEmulators,
  readEmulator,
  requireState,
  storeIsOfHost,
  withDownloadFolder,
} from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { openFetchProgress } from './fetch-progress.ts';

export interface EmulatorSource {
  /** Throws `no-emulator` where none can be had. */
  emulatorFor: (architecture: string) => Promise<HostEmulator>;
  /** The architectures whose emulator the user chose. */
  exactly: ReadonlySet<string>;
  close: () => void;
}

/**
 * `asked` are versions, digests and paths; a path serves the CPU that it says it emulates. What is
 * taken from the store must be the host root's: no step may have been able to write to it.
 */
export async function emulatorSource(
  root: string,
  asked: readonly string[],
  note: (text: string) => void,
): Promise<EmulatorSource> {
  requireState(root);
  // programs that a user brings are judged like any other, in a store of their own
  const temporary = makeTemporary();
  const close = keepUntilSignal(temporary);
  try {
    const paths = asked.filter((each) => each.includes('/'));
    const [wanted, more] = asked.filter((each) => !each.includes('/'));
    if (more) throw new MpkitError('usage', `expected one emulator version, found \`${more}\` too`);
    const brought = new Map<string, HostEmulator>();
    for (const path of paths) {
      const record = await addFile(temporary, path, {});
      brought.set(record.architecture, emulatorOf(temporary, record));
    }
    const stored = async (architecture: string) =>
      (await chosen(root, architecture, wanted)) ?? (await chosen(temporary, architecture, wanted));
    let fetching: Promise<void> | undefined;
    const emulatorFor = async (architecture: string): Promise<HostEmulator> => {
      const found = brought.get(architecture) ?? (await stored(architecture));
      if (found) return found;
      fetching ??= fetchAll(root, temporary, note);
      await fetching;
      const fetched = await stored(architecture);
      if (fetched) return fetched;
      throw new MpkitError(
        'no-emulator',
        `no emulator of ${architecture}${wanted ? ` named \`${wanted}\`` : ''} was found`,
        { hint: '`mpkit emulator ls` shows what is there, `--emulator PATH` brings one' },
      );
    };
    return {
      emulatorFor,
      exactly: new Set(wanted ? cpus.map(({ architecture }) => architecture) : brought.keys()),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

const fixed = '/var/cache/mpkit/binfmt-install';

/** Whoever is here is root and holds the lock of installs: one that was killed left the rest. */
function makeTemporary(): string {
  try {
    rmSync(fixed, { recursive: true, force: true });
    mkdirSync(join(fixed, 'emulators/sha256'), { recursive: true, mode: 0o700 });
    return fixed;
  } catch {
    // a read-only /var
    const folder = mkdtempSync(join(tmpdir(), 'mpkit-binfmt-'));
    mkdirSync(join(folder, 'emulators/sha256'), { recursive: true, mode: 0o700 });
    return folder;
  }
}

/** Returns what takes the folder away and ends watching for signals. */
function keepUntilSignal(folder: string): () => void {
  const close = () => {
    for (const signal of signals) process.off(signal, stop);
    rmSync(folder, { recursive: true, force: true });
    try {
      if (folder === fixed) rmdirSync(dirname(fixed));
    } catch {
      // somebody's file is in it
    }
  };
  const stop = (signal: NodeJS.Signals) => {
    close();
    // with nobody left to listen it ends us
    setImmediate(() => process.kill(process.pid, signal));
  };
  for (const signal of signals) process.on(signal, stop);
  return close;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function chosen(
  root: string,
  architecture: string,
  wanted: string | undefined,
): Promise<HostEmulator | undefined> {
  const { emulators } = await listEmulators(root);
  for (let left = emulators; ; ) {
    const record = chooseEmulator(left, architecture, wanted);
    if (!record || (await isOfHost(root, record))) return record && emulatorOf(root, record);
    left = left.filter((each) => each !== record);
  }
}

function emulatorOf(root: string, record: EmulatorRecord): HostEmulator {
  const { version, digest } = record;
  return { version, digest, read: () => readEmulator(root, record, { owner: 0 }) };
}

/** With the folders of the store; the program is judged again when it is read. */
async function isOfHost(root: string, record: EmulatorRecord): Promise<boolean> {
  const program = emulatorPath(root, record);
  const store = dirname(program);
  const found = await Promise.all([program, store, dirname(store)].map((path) => lstat(path)));
  return found.every(({ uid, mode }) => uid === 0 && (mode & 0o022) === 0);
}

/**
 * Into the store, as a build would; into a store for now where no namespace can be made, or where
 * what a build stores belongs to the id of its steps.
 */
async function fetchAll(root: string, temporary: string, note: (text: string) => void) {
  note('fetching emulators');
  if (storeIsOfHost(root) && (await fetchInside(root, note))) return;
  const progress = openFetchProgress('auto', process.stderr, 'mpkit: ');
  const everything = cpus.map(({ architecture }) => architecture);
  try {
    if (isOffline(undefined)) await addFromHost(temporary, everything);
    else
      await withDownloadFolder(temporary, progress, (folder) =>
        addFromDebian(temporary, folder, progress),
      );
  } catch (error) {
    if (!(error instanceof MpkitError)) throw error;
    note(error.message);
    await addFromHost(temporary, everything);
  }
}

async function fetchInside(root: string, note: (text: string) => void): Promise<boolean> {
  const said: string[] = [];
  const onOutput = (chunk: Buffer) => void said.push(chunk.toString());
  try {
    const argv = ['emulator', 'add'];
    if ((await enterNamespace({ root, loans: [], argv, warn: note, onOutput })) === 0) return true;
    note(said.join('').trim().split('\n').at(-1) || 'nothing was fetched into the store');
  } catch (error) {
    if (!(error instanceof MpkitError)) throw error;
    note(`the store cannot be used: ${error.message}`);
  }
  return false;
}
