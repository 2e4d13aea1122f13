/** Copies a selection into a root: Docker's rules for COPY (builder-features C1–C17). */
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  type Stats,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { posix } from 'node:path';
import { MpkitError } from '../../errors.ts';
import { getXattr, makeNode, setTimes, setXattr } from '../../libc.ts';
import { copiedXattrs, openRegular, unreadable } from './hash.ts';
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

export function copySelection(source: FileSource, selected: Selected[], target: CopyTarget): void {
  const links = new Map<string, Buffer>();
  for (const each of selected) {
    if (each.stats.isDirectory()) copyFolder(source, each, target, links);
    else copyOne(source, each, target);
  }
}

/** The content goes into the destination folder, which keeps its own metadata if it exists. */
function copyFolder(
  source: FileSource,
  selected: Selected,
  target: CopyTarget,
  links: Map<string, Buffer>,
): void {
  const folderFd = makeTargetFolder(target, target.destination);
  try {
    for (const entry of walk(source, selected)) {
      if (entry.path.length === 0) continue;
      place(source, entry, target, { folderFd, links });
    }
    setTimes(fdPath(folderFd), Math.floor(selected.stats.mtimeMs / 1000));
  } finally {
    closeSync(folderFd);
  }
}

function copyOne(source: FileSource, selected: Selected, target: CopyTarget): void {
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
      place(source, { ...entry, path: name }, target, { folderFd, links: new Map() });
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

interface Place {
  /** Of the destination folder. */
  folderFd: number;
  /** Where a file went, relative to the folder, by device and inode. */
  links: Map<string, Buffer>;
}

/** Below the destination folder only plain names and folders made by this copy or real ones. */
function place(source: FileSource, entry: WalkedEntry, target: CopyTarget, into: Place): void {
  const cut = entry.path.lastIndexOf(0x2f);
  const parentPath = cut < 0 ? undefined : entry.path.subarray(0, cut);
  const parentFd = parentPath && findBelow(into.folderFd, parentPath);
  const at = fdPath(parentFd ?? into.folderFd, entry.path.subarray(cut + 1));
  try {
    create(entry, at, into, target);
    applyMetadata(source, entry, at, target);
  } catch (error) {
    throw placed(error, entry, target);
  } finally {
    if (parentFd !== undefined) closeSync(parentFd);
  }
}

/** Says which file it was; without a range of ids only root can own anything. */
function placed(error: unknown, { path }: WalkedEntry, { owner }: CopyTarget): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'EINVAL' && syscall === 'lchown')
    return new MpkitError(
      'permission-denied',
      `\`${path}\` cannot belong to ${owner?.user}:${owner?.group}: only one user id is available`,
      { hint: 'the package `uidmap` and a range in /etc/subuid and /etc/subgid give more' },
    );
  return code === 'EACCES' ? unreadable(path, error) : error;
}

/** The folder was placed before its content: a link of that name is followed inside the root. */
function findBelow(folderFd: number, path: Buffer): number {
  const found = findInRoot(folderFd, path);
  if (found) return found.fd;
  throw new MpkitError('invalid-input', `\`${path}\` vanished while it was copied`);
}

function create(
  { path, stats, at: from }: WalkedEntry,
  at: Buffer,
  { folderFd, links }: Place,
  target: CopyTarget,
): void {
  const present = statOf(at);
  if (stats.isDirectory()) {
    if (present?.isDirectory()) return;
    if (present) throw conflict(target, path, 'a folder', 'a file');
    mkdirSync(at, { mode: 0o700 });
    return;
  }
  if (present?.isDirectory()) throw conflict(target, path, 'a file', 'a folder');
  if (present) unlinkSync(at);
  const identity = `${stats.dev}:${stats.ino}`;
  const earlier = stats.nlink > 1 && stats.isFile() ? links.get(identity) : undefined;
  if (earlier) {
    // below the destination folder everything was made or checked by this copy: no link is walked
    linkSync(fdPath(folderFd, earlier), at);
    return;
  }
  links.set(identity, path);
  if (stats.isSymbolicLink()) symlinkSync(readlinkSync(from, { encoding: 'buffer' }), at);
  else if (stats.isFile()) copyContent(from, at);
  // a socket of a context arrives as an empty file; devices cannot be made by a step
  else if (stats.isFIFO()) makeNode(at, constants.S_IFIFO | 0o600);
  else if (stats.isSocket()) makeNode(at, constants.S_IFREG | 0o600);
  else throw new MpkitError('invalid-input', `\`${from}\` is a device; devices cannot be copied`);
}

function copyContent(from: Buffer, at: Buffer): void {
  const fd = openRegular(from);
  try {
    copyFileSync(fdPath(fd), at, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } finally {
    closeSync(fd);
  }
}

function applyMetadata(
  source: FileSource,
  { stats, at: from }: WalkedEntry,
  at: Buffer,
  { owner, mode }: CopyTarget,
): void {
  const kept = source.owner === 'kept' ? { user: stats.uid, group: stats.gid } : undefined;
  const { user, group } = owner ?? kept ?? { user: 0, group: 0 };
  lchownSync(at, user, group);
  if (!stats.isSymbolicLink()) {
    chmodSync(at, mode ?? stats.mode & 0o7777);
    copyXattrs(from, at);
  }
  setTimes(at, Math.floor(stats.mtimeMs / 1000));
}

function copyXattrs(from: Buffer, to: Buffer): void {
  for (const name of copiedXattrs(from)) {
    const value = getXattr(from, name);
    if (!value) continue;
    try {
      setXattr(to, name, value);
    } catch {
      // Docker ignores it too: not every file system takes every attribute
    }
  }
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
