/**
 * Paths inside a root that somebody else filled: only descriptors count, never a checked string.
 * `fdPath` names an open object without walking any path again.
 */
import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { MpkitError } from '../../errors.ts';
import { O_PATH, openInRoot, type Path } from '../../libc.ts';

export function fdPath(fd: number): string;
export function fdPath(fd: number, name: Buffer): Buffer;
export function fdPath(fd: number, name?: Buffer): string | Buffer {
  const folder = `/proc/self/fd/${fd}`;
  return name === undefined ? folder : Buffer.concat([Buffer.from(`${folder}/`), name]);
}

/** Opens what `path` leads to, links followed inside the root; undefined where nothing is. */
export function findInRoot(
  rootFd: number,
  path: Path,
  flags = 0,
): { fd: number; stats: Stats } | undefined {
  try {
    const fd = openInRoot(rootFd, path, O_PATH | flags);
    return { fd, stats: fstatSync(fd) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'ELOOP') throw tooManyLinks(path);
    throw error;
  }
}

/** The path by which the open `fd` lies below the root, without any link. */
export function pathInRoot(rootFd: number, fd: number): string {
  const root = readlinkSync(fdPath(rootFd)).replace(/\/$/, '');
  return readlinkSync(fdPath(fd)).slice(root.length) || '/';
}

/**
 * Opens the folder `path`, making what is missing; `onMade` gets each new one. Links are followed
 * inside the root, and what they name is made there, as BuildKit does. Throws `invalid-input` where
 * something else than a folder is in the way.
 */
export function makeFoldersInRoot(
  rootFd: number,
  path: string,
  onMade: (path: string) => void = () => {},
  linksWalked = 0,
): number {
  const names = path.split('/').filter(Boolean);
  let current = openFolder(rootFd, '/');
  for (const [at, name] of names.entries()) {
    const prefix = `/${names.slice(0, at + 1).join('/')}`;
    const parent = current;
    try {
      current =
        tryOpenFolder(rootFd, prefix) ??
        makeFolder(rootFd, { parent, name, prefix, onMade, linksWalked });
    } finally {
      closeSync(parent);
    }
  }
  return current;
}

function makeFolder(rootFd: number, folder: NewFolder): number {
  const { parent, name, prefix, onMade, linksWalked } = folder;
  const path = fdPath(parent, Buffer.from(name)).toString();
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const target = linkTarget(path);
    if (target === undefined) throw noFolder(prefix);
    if (linksWalked >= mostLinks) throw tooManyLinks(prefix);
    const from = target.startsWith('/') ? '' : prefix.slice(0, prefix.lastIndexOf('/'));
    return makeFoldersInRoot(rootFd, `${from}/${target}`, onMade, linksWalked + 1);
  }
  onMade(path);
  return openFolder(rootFd, prefix);
}

interface NewFolder {
  parent: number;
  name: string;
  prefix: string;
  onMade: (path: string) => void;
  linksWalked: number;
}

/** Linux's own limit. */
const mostLinks = 40;

/** Of a link with a name that a path can be made of. */
function linkTarget(path: string): string | undefined {
  if (!lstatSync(path).isSymbolicLink()) return undefined;
  const target = readlinkSync(path, { encoding: 'buffer' });
  return isUtf8(target) ? target.toString() : undefined;
}

function openFolder(rootFd: number, path: string): number {
  return openInRoot(rootFd, path, O_PATH | constants.O_DIRECTORY);
}

function tryOpenFolder(rootFd: number, path: string): number | undefined {
  try {
    return openFolder(rootFd, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') throw noFolder(path);
    if (code === 'ELOOP') throw tooManyLinks(path);
    throw error;
  }
}

function noFolder(path: string): MpkitError {
  return new MpkitError('invalid-input', `\`${path}\` in the image is no folder`);
}

function tooManyLinks(path: Path): MpkitError {
  return new MpkitError('invalid-input', `too many symbolic links in \`${path}\``);
}
