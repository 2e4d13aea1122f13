/** Finds what the words of a COPY mean in a source: wildcards, links given as the source itself. */
import { closeSync, constants, readdirSync, type Stats } from 'node:fs';
import { MpkitError } from '../../errors.ts';
import { matchComponent } from './glob.ts';
import { isIgnored, mayHoldExceptions } from './ignore.ts';
import { fdPath, findInRoot, pathInRoot } from './in-root.ts';
import type { FileSource } from './source.ts';

export interface Selected {
  /** In-source, absolute, links followed, no trailing slash but for `/`: what ignore files name. */
  path: string;
  /** What a file is called when it goes into a folder. */
  name: Buffer;
  /** O_PATH descriptor of what the path leads to; `close` the selection. */
  fd: number;
  stats: Stats;
}

/**
 * Throws `not-found` for a plain path that is missing, and for a link to nothing; a wildcard may
 * match nothing.
 */
export function selectFiles(source: FileSource, patterns: string[]): Selected[] {
  const selected: Selected[] = [];
  try {
    for (const pattern of patterns) {
      if (!hasWildcard(pattern)) {
        const found = open(source, Buffer.from(withoutEscapes(pattern)));
        if (!found) throw missing(pattern, source);
        selected.push(found);
        continue;
      }
      for (const path of expandPattern(source, pattern)) {
        const found = open(source, path);
        if (found) selected.push(found);
        else if (isLink(source, path)) throw leadsNowhere(path);
      }
    }
    return selected;
  } catch (error) {
    closeSelection(selected);
    throw error;
  }
}

export function closeSelection(selected: Selected[]): void {
  for (const { fd } of selected) closeSync(fd);
}

/** Whether an entry of the source, path relative without leading slash, is left out. */
export function isLeftOut(source: FileSource, path: string, isFolder: boolean): boolean {
  if (!source.ignore || path === '' || !isIgnored(source.ignore, path)) return false;
  return !(isFolder && mayHoldExceptions(source.ignore, path));
}

function open(source: FileSource, bytes: Buffer): Selected | undefined {
  const found = findInRoot(source.rootFd, bytes);
  if (!found) return undefined;
  const path = bytes.toString();
  const trimmed = path.length > 1 ? path.replace(/\/+$/, '') : path;
  const asFolder = path.endsWith('/') && path !== '/';
  const isFolder = found.stats.isDirectory();
  const real = source.ignore ? pathInRoot(source.rootFd, found.fd) : trimmed;
  // a link must not bring in what the ignore file keeps out
  const isKeptOut = [trimmed, real].some((each) => isLeftOut(source, each.slice(1), isFolder));
  if (isKeptOut || (asFolder && !isFolder)) {
    closeSync(found.fd);
    return undefined;
  }
  const end = asFolder ? bytes.length - (path.length - trimmed.length) : bytes.length;
  const name = bytes.subarray(bytes.lastIndexOf('/', end - 1) + 1, end);
  return { ...found, path: real, name };
}

/** A link that is no part of the selection, because there is nothing behind it. */
function isLink(source: FileSource, path: Buffer): boolean {
  if (isLeftOut(source, path.toString().slice(1), false)) return false;
  const found = findInRoot(source.rootFd, path, constants.O_NOFOLLOW);
  if (!found) return false;
  closeSync(found.fd);
  return found.stats.isSymbolicLink();
}

function leadsNowhere(path: Buffer): MpkitError {
  return new MpkitError('not-found', `\`${path}\` is a link that leads to nothing`, {
    hint: 'leave it out with `.dockerignore`, or copy the folder that it lies in',
  });
}

function missing(pattern: string, source: FileSource): MpkitError {
  const ignored = source.ignore && exists(source, pattern);
  return new MpkitError('not-found', `\`${pattern}\` not found`, {
    hint: ignored
      ? 'an ignore file leaves it out'
      : source.owner === 'root'
        ? 'paths are looked up inside the build context; nothing outside it can be copied'
        : undefined,
  });
}

function exists(source: FileSource, pattern: string): boolean {
  const found = findInRoot(source.rootFd, Buffer.from(withoutEscapes(pattern)));
  if (found) closeSync(found.fd);
  return found !== undefined;
}

function hasWildcard(pattern: string): boolean {
  return /[*?[]/.test(pattern.replaceAll(/\\./g, ''));
}

function withoutEscapes(pattern: string): string {
  return pattern.replaceAll(/\\(.)/g, '$1');
}

/** Component by component, in byte order; `*` does not cross a slash. */
function expandPattern(source: FileSource, pattern: string): Buffer[] {
  let paths = [Buffer.alloc(0)];
  for (const component of pattern.split('/').filter(Boolean))
    paths = paths.flatMap((folder) => {
      const names = hasWildcard(component)
        ? namesIn(source, folder).filter((name) => matchComponent(component, name.toString()))
        : [Buffer.from(withoutEscapes(component))];
      return names.map((name) => Buffer.concat([folder, slash, name]));
    });
  return paths;
}

const slash = Buffer.from('/');

/** Bytes: not every name is text. */
function namesIn(source: FileSource, folder: Buffer): Buffer[] {
  const found = findInRoot(source.rootFd, folder.length === 0 ? slash : folder);
  if (!found) return [];
  try {
    if (!found.stats.isDirectory()) return [];
    return readdirSync(fdPath(found.fd), { encoding: 'buffer' }).sort(Buffer.compare);
  } finally {
    closeSync(found.fd);
  }
}
