/**
 * Paths inside a root that somebody else filled: only descriptors count, never a checked string.
 * `fdPath` names an open object without walking any path again.
 */
import { closeSync, constants, fstatSync, mkdirSync, type Stats } from 'node:fs';
import { MpkitError } from '../../errors.ts';
import { O_PATH, openInRoot, type Path } from '../../libc.ts';

export function fdPath(fd: number): string;
export function fdPath(fd: number, name: Buffer): Buffer;
export function fdPath(fd: number, name?: Buffer): string | Buffer {
  const folder = `/proc/self/fd/${fd}`;
  return name === undefined ? folder : Buffer.concat([Buffer.from(`${folder}/`), name]);
}

/** Opens what `path` leads to, links followed inside the root; undefined where nothing is. */
export function findInRoot(rootFd: number, path: Path): { fd: number; stats: Stats } | undefined {
  try {
    const fd = openInRoot(rootFd, path, O_PATH);
    return { fd, stats: fstatSync(fd) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'ELOOP')
      throw new MpkitError('invalid-input', `too many symbolic links in \`${path}\``);
    throw error;
  }
}

/**
 * Opens the folder `path`, making what is missing; `onMade` gets each new one. Links are followed
 * inside the root. Throws `invalid-input` where something else than a folder is in the way.
 */
export function makeFoldersInRoot(
  rootFd: number,
  path: string,
  onMade: (path: string) => void = () => {},
): number {
  const names = path.split('/').filter(Boolean);
  let current = openFolder(rootFd, '/');
  for (const [at, name] of names.entries()) {
    const prefix = `/${names.slice(0, at + 1).join('/')}`;
    const parent = current;
    try {
      current =
        tryOpenFolder(rootFd, prefix) ?? makeFolder(rootFd, { parent, name, prefix, onMade });
    } finally {
      closeSync(parent);
    }
  }
  return current;
}

function makeFolder(rootFd: number, { parent, name, prefix, onMade }: NewFolder): number {
  const path = fdPath(parent, Buffer.from(name)).toString();
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // a link that leads nowhere: making its target would be a surprise
    throw new MpkitError('invalid-input', `\`${prefix}\` in the image is no folder`);
  }
  onMade(path);
  return openFolder(rootFd, prefix);
}

interface NewFolder {
  parent: number;
  name: string;
  prefix: string;
  onMade: (path: string) => void;
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
    if (code === 'ENOTDIR')
      throw new MpkitError('invalid-input', `\`${path}\` in the image is no folder`);
    throw error;
  }
}
