/**
 * The emulators that mpkit keeps: `emulators/sha256/<hex>` is a program, `<hex>.json` its record.
 * Links inside the store are never followed. `add.ts` is the way in.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ioError, MpkitError } from '../errors.ts';
import { emulatorsFolder } from '../paths.ts';
import { isDigestPrefix, isNamedBy, newestFirst } from './choose.ts';
import { dropChoices } from './kept.ts';
import { withLock } from './lock.ts';
import { type EmulatorRecord, hexOf, parseRecord } from './record.ts';

export interface StoreListing {
  /** By architecture, newest first. */
  emulators: EmulatorRecord[];
  /** One line for each record that was skipped. */
  warnings: string[];
}

/** Reads the records, not the programs; a missing store is an empty one. */
export async function listEmulators(root: string): Promise<StoreListing> {
  const folder = storeFolder(root);
  const listing: StoreListing = { emulators: [], warnings: [] };
  for (const name of await namesIn(folder)) {
    if (name.startsWith('.') || !name.endsWith('.json')) continue;
    const read = await readRecord(folder, name);
    if (typeof read === 'string') listing.warnings.push(`emulator record \`${name}\` ${read}`);
    else listing.emulators.push(read);
  }
  listing.emulators.sort((a, b) => byText(a.architecture, b.architecture) || newestFirst(a, b));
  return listing;
}

/** Removed from the store; facts are missing where the record was unreadable. */
export interface RemovedEmulator extends Partial<EmulatorRecord> {
  digest: string;
  /** The architectures for which it was chosen, until now. */
  chosenFor: string[];
}

/**
 * Removes what an architecture, a version or the beginning of a digest names, or everything.
 * Unreadable records go too when their digest is named. Throws `not-found` when nothing matches.
 */
export async function removeEmulator(
  root: string,
  selector: string | { all: true },
): Promise<RemovedEmulator[]> {
  const folder = storeFolder(root);
  return guarded('removing an emulator', async () => {
    const chosen: RemovableEmulator[] = [];
    for (const name of await namesIn(folder)) {
      const hex = /^([0-9a-f]{64})\.json$/.exec(name)?.[1];
      if (!hex) continue;
      const read = await readRecord(folder, name);
      const record = typeof read === 'string' ? { digest: `sha256:${hex}` } : read;
      if (isSelected(record, selector)) chosen.push(record);
    }
    if (chosen.length === 0 && typeof selector === 'string') throw nothingNamed(selector);
    if (chosen.length === 0) return [];
    await withLock(storeLock(root), { how: 'exclusive' }, async () => {
      for (const { digest } of chosen) {
        // The record first: a program without one is a leftover, a record without one an error.
        await rm(join(folder, `${hexOf(digest)}.json`), { force: true, recursive: true });
        await rm(join(folder, hexOf(digest)), { force: true, recursive: true });
      }
    });
    const removed: RemovedEmulator[] = [];
    for (const each of chosen) {
      const chosenFor = await dropChoices(root, (_, { digest }) => digest === each.digest);
      removed.push({ ...each, chosenFor });
    }
    return removed;
  });
}

/**
 * The program's bytes, hashed again: what is returned is what the record promises, else `corrupt`.
 * With `owner`, the file must be that user's and nobody else's to write to.
 */
export async function readEmulator(
  root: string,
  record: EmulatorRecord,
  { owner }: { owner?: number } = {},
): Promise<Buffer> {
  const path = emulatorPath(root, record);
  return guarded(`reading the emulator \`${path}\``, async () => {
    const content = await readBounded(path, record.size, owner);
    if (content === undefined)
      throw corrupt(record, owner === undefined ? missing : `${missing} of user ${owner}`);
    const found = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    if (found === record.digest) return content;
    throw corrupt(record, `has the digest \`${short(found)}\` and ${content.length} bytes`);
  });
}

/** Where the program lies. To execute it, prefer `readEmulator`: that checks its bytes. */
export function emulatorPath(root: string, record: Pick<EmulatorRecord, 'digest'>): string {
  return join(storeFolder(root), hexOf(record.digest));
}

export function storeFolder(root: string): string {
  return join(emulatorsFolder(root), 'sha256');
}

export function storeLock(root: string): string {
  return join(storeFolder(root), '.lock');
}

/** Names in byte order; none where the folder is missing. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort(byText);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw ioError(error, `reading \`${folder}\``);
  }
}

/** A record, or why it cannot be used. */
async function readRecord(folder: string, name: string): Promise<EmulatorRecord | string> {
  const text = await readBounded(join(folder, name), MAX_RECORD).catch(() => undefined);
  if (text === undefined) return 'is no readable file';
  const record = text.length > MAX_RECORD ? undefined : parseRecord(text.toString());
  if (record === undefined) return 'is damaged or was written by something else';
  if (name !== `${hexOf(record.digest)}.json`) return 'belongs to another digest';
  const program = await lstat(join(folder, hexOf(record.digest))).catch(() => undefined);
  if (!program?.isFile()) return 'has no program beside it';
  if (program.size !== record.size)
    return `promises ${record.size} bytes, its program has ${program.size}`;
  return record;
}

const MAX_RECORD = 65536;

const missing = 'is missing or no regular file';

/**
 * At most one byte more than `limit`; undefined for links, folders, pipes, what is missing, and what
 * belongs to somebody else than `owner` or may be written to by others.
 */
async function readBounded(
  path: string,
  limit: number,
  owner?: number,
): Promise<Buffer | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let handle: FileHandle;
  try {
    handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ELOOP') return undefined;
    throw error;
  }
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) return undefined;
    if (owner !== undefined && (facts.uid !== owner || facts.mode & 0o022)) return undefined;
    const content = Buffer.alloc(Math.min(facts.size, limit) + 1);
    let done = 0;
    while (done < content.length) {
      const { bytesRead } = await handle.read(content, done, content.length - done, done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return content.subarray(0, done);
  } finally {
    await handle.close();
  }
}

/** An interruption or a refusal is passed on as it is. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

type RemovableEmulator = Omit<RemovedEmulator, 'chosenFor'>;

function isSelected(record: RemovableEmulator, selector: string | { all: true }): boolean {
  if (typeof selector !== 'string') return true;
  const { architecture, version, digest } = record;
  if (selector === architecture || isDigestPrefix(selector, digest)) return true;
  return version !== undefined && isNamedBy(selector, { version, digest });
}

function nothingNamed(selector: string): MpkitError {
  return new MpkitError('not-found', `no stored emulator is named by \`${selector}\``, {
    hint: '`mpkit emulator ls` shows architectures, versions and digests',
  });
}

function corrupt(record: EmulatorRecord, found: string): MpkitError {
  const name = short(record.digest);
  return new MpkitError(
    'corrupt',
    `emulator \`${name}\` for ${record.architecture} ${found}, expected ${record.size} unchanged bytes`,
    { hint: `\`mpkit emulator rm ${hexOf(name)} && mpkit emulator add\`` },
  );
}

function short(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function guarded<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isSystemError(error) ? ioError(error, action) : error;
  }
}
