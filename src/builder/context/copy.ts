/** Copies a selection into a root: Docker's rules for COPY (builder-features C1–C17). */
import {
  chmodSync,
  closeSync,
  constants,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  type Stats,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { posix } from 'node:path';
import { unmappedIds } from '../../emulator/index.ts';
import { MpkitError } from '../../errors.ts';
import { makeNode, setTimes, setXattr } from '../../libc.ts';
import type { Pause } from '../../pause.ts';
import { copyContent } from './content.ts';
import { createFingerprint, type EntryFacts, type Fingerprint, readFacts } from './fingerprint.ts';
import { unreadable } from './hash.ts';
import { fdPath, findInRoot, makeFoldersInRoot } from './in-root.ts';
import type { Selected } from './select.ts';
import type { FileSource } from './source.ts';
import { type WalkedEntry, walk } from './walk.ts';

export interface CopyTarget {
  rootFd: number;
  /** Absolute in the root; a trailing slash means a folder. */
  destination: string;
  owner?: { user: number; group: number } | undefined;
  mode?: number | undefined;
  /** More than one word was given: the destination is a folder. */
  several: boolean;
}

/** Returns the digest of what was copied; `hashSelection`'s, unless the source changed since. */
export async function copySelection(
  source: FileSource,
  selected: Selected[],
  target: CopyTarget,
  pause: Pause,
): Promise<string> {
  const fingerprint = createFingerprint(source);
  const copying = { source, target, pause, fingerprint, links: new Map() };
  for (const each of selected) {
    const isFolder = each.stats.isDirectory();
    fingerprint.select(isFolder ? '/' : each.name);
    await (isFolder ? copyFolder : copyOne)(each, copying);
  }
  return fingerprint.digest();
}

interface Copying {
  source: FileSource;
  target: CopyTarget;
  pause: Pause;
  fingerprint: Fingerprint;
  /** Where a folder's file went, relative to the destination, by device and inode. */
  links: Map<string, Copied>;
}

interface Copied {
  path: Buffer;
  content: string;
}

/** The content goes into the destination folder, which keeps its own metadata if it exists. */
async function copyFolder(selected: Selected, copying: Copying): Promise<void> {
  const { source, target, fingerprint } = copying;
  const folderFd = makeTargetFolder(target, target.destination);
  try {
    for (const entry of walk(source, selected)) {
      if (entry.path.length > 0) await place(entry, entry.path, folderFd, copying);
      else fingerprint.add(entry.path, readFacts(source, entry));
    }
  } finally {
    closeSync(folderFd);
  }
}

async function copyOne(selected: Selected, copying: Copying): Promise<void> {
  const { source, target } = copying;
  const { destination, rootFd } = target;
  const found = findInRoot(rootFd, destination);
  if (found) closeSync(found.fd);
  const intoFolder = target.several || destination.endsWith('/') || found?.stats.isDirectory();
  const cut = destination.lastIndexOf('/');
  const folder = intoFolder ? destination : destination.slice(0, cut) || '/';
  const name = intoFolder ? selected.name : Buffer.from(destination.slice(cut + 1));
  const folderFd = makeTargetFolder(target, folder);
  try {
    for (const entry of walk(source, selected))
      await place(entry, name, folderFd, { ...copying, links: new Map() });
  } finally {
    closeSync(folderFd);
  }
}

function makeTargetFolder(target: CopyTarget, path: string): number {
  return makeFoldersInRoot(target.rootFd, path, (made) => {
    const { user = 0, group = 0 } = target.owner ?? {};
    lchownSync(made, user, group);
    chmodSync(made, target.mode ?? 0o755);
  });
}

/** Below the destination folder only plain names and folders made by this copy or real ones. */
async function place(
  entry: WalkedEntry,
  path: Buffer,
  folderFd: number,
  copying: Copying,
): Promise<void> {
  const { source, target, fingerprint, pause } = copying;
  const cut = path.lastIndexOf(0x2f);
  const parentPath = cut < 0 ? undefined : path.subarray(0, cut);
  const parentFd = parentPath && findBelow(folderFd, parentPath);
  const at = fdPath(parentFd ?? folderFd, path.subarray(cut + 1));
  try {
    const facts = readFacts(source, entry);
    const content = await create(entry, facts, { at, path, folderFd }, copying);
    applyMetadata(source, facts, at, target);
    fingerprint.add(entry.path, facts, content);
  } catch (error) {
    throw placed(error, path, target);
  } finally {
    if (parentFd !== undefined) closeSync(parentFd);
  }
  await pause();
}

/** Says which file it was; without a range of ids only root can own anything. */
function placed(error: unknown, path: Buffer, { owner }: CopyTarget): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'EINVAL' && syscall === 'lchown' && owner) {
    const what = `\`${path}\` cannot belong to ${owner.user}:${owner.group}`;
    return unmappedIds(owner, what, { cause: error }) ?? error;
  }
  return code === 'EACCES' ? unreadable(path, error) : error;
}

/** The folder was placed before its content: a link of that name is followed inside the root. */
function findBelow(folderFd: number, path: Buffer): number {
  const found = findInRoot(folderFd, path);
  if (found) return found.fd;
  throw new MpkitError('invalid-input', `\`${path}\` vanished while it was copied`);
}

interface Place {
  at: Buffer;
  /** `at`, relative to the destination folder. */
  path: Buffer;
  folderFd: number;
}

/** Returns the digest of a regular file's content. */
async function create(
  { stats, at: from }: WalkedEntry,
  facts: EntryFacts,
  { at, path, folderFd }: Place,
  { links, target, pause }: Copying,
): Promise<string | undefined> {
  const present = statOf(at);
  if (stats.isDirectory()) {
    if (present?.isDirectory()) return undefined;
    if (present) throw conflict(target, path, 'a folder', 'a file');
    mkdirSync(at, { mode: 0o700 });
    return undefined;
  }
  if (present?.isDirectory()) throw conflict(target, path, 'a file', 'a folder');
  if (present) unlinkSync(at);
  if (stats.isFile()) {
    const identity = `${stats.dev}:${stats.ino}`;
    const earlier = stats.nlink > 1 ? links.get(identity) : undefined;
    if (earlier) {
      // below the destination folder everything was made or checked by this copy: no link is walked
      linkSync(fdPath(folderFd, earlier.path), at);
      return earlier.content;
    }
    const content = await copyContent(from, at, pause);
    links.set(identity, { path, content });
    return content;
  }
  if (facts.target) symlinkSync(facts.target, at);
  // a socket of a context arrives as an empty file; devices cannot be made by a step
  else if (stats.isFIFO()) makeNode(at, constants.S_IFIFO | 0o600);
  else if (stats.isSocket()) makeNode(at, constants.S_IFREG | 0o600);
  else throw new MpkitError('invalid-input', `\`${path}\` is a device; devices cannot be copied`);
  return undefined;
}

function applyMetadata(
  source: FileSource,
  { stats, xattrs }: EntryFacts,
  at: Buffer,
  { owner, mode }: CopyTarget,
): void {
  const kept = source.owner === 'kept' ? { user: stats.uid, group: stats.gid } : undefined;
  const { user, group } = owner ?? kept ?? { user: 0, group: 0 };
  lchownSync(at, user, group);
  if (!stats.isSymbolicLink()) {
    chmodSync(at, mode ?? stats.mode & 0o7777);
    // an access list is a finer mode
    for (const [name, value] of xattrs)
      if (mode === undefined || !name.startsWith('system.')) setXattr(at, name, value);
  }
  setTimes(at, Math.floor(stats.mtimeMs / 1000));
}

function statOf(at: Buffer): Stats | undefined {
  return lstatSync(at, { throwIfNoEntry: false });
}

/** Where they meet is below the destination in every case: one that is no folder gets replaced. */
function conflict(
  { destination }: CopyTarget,
  path: Buffer,
  what: string,
  over: string,
): MpkitError {
  const at = posix.join(destination, path.toString());
  return new MpkitError('invalid-input', `cannot copy ${what} over ${over} at \`${at}\``);
}
