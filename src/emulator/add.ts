/**
 * The way into the store: copy, judge, commit. Every file is written beside its place, synced and
 * renamed, so several processes share the store and a killed one leaves nothing half-written.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ioError, MpkitError } from '../errors.ts';
import { ifUnlocked, withLock } from './lock.ts';
import { type EmulatorRecord, formatRecord, hexOf, MAX_PROGRAM } from './record.ts';
import { isSystemError, namesIn, storeFolder, storeLock } from './store.ts';

/** A complete copy of a program that is not in the store yet. */
export interface StagedProgram {
  /** Executable; renamed or removed when the judge has spoken. */
  path: string;
  digest: string;
  /** Bytes. */
  size: number;
}

export type ProgramFacts = Pick<EmulatorRecord, 'architecture' | 'version' | 'source'>;
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Copies a program into the store and asks `judge` what it is; a judge that throws refuses it and
 * nothing stays. Adding the same bytes again replaces their record. Throws `invalid-input` for an
 * empty or enormous program, `disk-full`, `permission-denied` and `io`.
 */
export async function addEmulator(
  root: string,
  content: Chunks,
  judge: (staged: StagedProgram) => Promise<ProgramFacts>,
): Promise<EmulatorRecord> {
  const folder = storeFolder(root);
  try {
    await mkdir(folder, { recursive: true });
    await ifUnlocked(storeLock(root), () => removeLeftovers(folder));
    // Leftovers are cleared under the exclusive lock only, so ours are safe under the shared one.
    return await withLock(storeLock(root), { how: 'shared' }, () => add(folder, content, judge));
  } catch (error) {
    throw isSystemError(error) ? ioError(error, 'adding an emulator') : error;
  }
}

/** What killed processes left: temporaries, and programs that never got their record. */
async function removeLeftovers(folder: string): Promise<void> {
  const names = new Set(await namesIn(folder));
  for (const name of names) {
    const isTemporary = /^\.new-\d+-[0-9a-f]{12}$/.test(name);
    const isOrphan = /^[0-9a-f]{64}$/.test(name) && !names.has(`${name}.json`);
    if (isTemporary || isOrphan) await rm(join(folder, name), { force: true, recursive: true });
  }
}

async function add(
  folder: string,
  content: Chunks,
  judge: (staged: StagedProgram) => Promise<ProgramFacts>,
): Promise<EmulatorRecord> {
  const temporary = temporaryPath(folder);
  try {
    const staged = await stage(temporary, content);
    const { architecture, version, source } = await judge(staged);
    const { digest, size } = staged;
    const added = new Date().toISOString();
    const record = { architecture, version, source, digest, size, added };
    await rename(temporary, join(folder, hexOf(digest)));
    await writeRecord(folder, record);
    return record;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function stage(path: string, content: Chunks): Promise<StagedProgram> {
  const hash = createHash('sha256');
  let size = 0;
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of content) {
      size += chunk.length;
      if (size > MAX_PROGRAM)
        throw new MpkitError(
          'invalid-input',
          'expected an emulator of at most 256 MiB, found more',
        );
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    if (size === 0) throw new MpkitError('invalid-input', 'expected an emulator, found no bytes');
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(path, 0o555);
  return { path, size, digest: `sha256:${hash.digest('hex')}` };
}

/** The record's rename is the commit, so the folder is synced after it. */
async function writeRecord(folder: string, record: EmulatorRecord): Promise<void> {
  const temporary = temporaryPath(folder);
  const handle = await open(temporary, 'wx', 0o644);
  try {
    await handle.writeFile(formatRecord(record));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, join(folder, `${hexOf(record.digest)}.json`));
  const directory = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await directory.sync().finally(() => directory.close());
}

function temporaryPath(folder: string): string {
  return join(folder, `.new-${process.pid}-${randomBytes(6).toString('hex')}`);
}
