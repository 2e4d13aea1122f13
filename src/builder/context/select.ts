/** Finds what the words of a COPY mean in a source: wildcards, links given as the source itself. */
import { closeSync, readdirSync, type Stats } from 'node:fs';
import { MpkitError } from '../../errors.ts';
import { matchComponent } from './glob.ts';
import { isIgnored, mayHoldExceptions } from './ignore.ts';
import { fdPath, findInRoot } from './in-root.ts';
import type { FileSource } from './source.ts';

export interface Selected {
  /** In-source, absolute, without a trailing slash but for `/`. */
  path: string;
  /** What a file is called when it goes into a folder. */
  name: string;
  /** O_PATH descriptor of what the path leads to; `close` the selection. */
  fd: number;
  stats: Stats;
}

/** Throws `not-found` for a plain path that is missing; a wildcard may match nothing. */
export function selectFiles(source: FileSource, patterns: string[]): Selected[] {
  const selected: Selected[] = [];
  try {
    for (const pattern of patterns) {
      if (!hasWildcard(pattern)) {
        const found = open(source, withoutEscapes(pattern));
        if (!found) throw missing(pattern, source);
        selected.push(found);
        continue;
      }
      for (const path of expandPattern(source, pattern)) {
        const found = open(source, path);
        if (found) selected.push(found);
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

function open(source: FileSource, path: string): Selected | undefined {
  const found = findInRoot(source.rootFd, path);
  if (!found) return undefined;
  const trimmed = path.length > 1 ? path.replace(/\/+$/, '') : path;
  const asFolder = path.endsWith('/') && path !== '/';
  if (
    isLeftOut(source, trimmed.slice(1), found.stats.isDirectory()) ||
    (asFolder && !found.stats.isDirectory())
  ) {
    closeSync(found.fd);
    return undefined;
  }
  return { ...found, path: trimmed, name: trimmed.slice(trimmed.lastIndexOf('/') + 1) };
}

function missing(pattern: string, source: FileSource): MpkitError {
  const ignored = source.ignore && isIgnored(source.ignore, pattern.slice(1));
  return new MpkitError('not-found', `\`${pattern}\` not found`, {
    hint: ignored
      ? 'an ignore file leaves it out'
      : source.owner === 'root'
        ? 'paths are looked up inside the build context; nothing outside it can be copied'
        : undefined,
  });
}

function hasWildcard(pattern: string): boolean {
  return /[*?[]/.test(pattern.replaceAll(/\\./g, ''));
}

function withoutEscapes(pattern: string): string {
  return pattern.replaceAll(/\\(.)/g, '$1');
}

/** Component by component, in byte order; `*` does not cross a slash. */
function expandPattern(source: FileSource, pattern: string): string[] {
  let paths = [''];
  for (const component of pattern.split('/').filter(Boolean))
    paths = paths.flatMap((folder) =>
      hasWildcard(component)
        ? namesIn(source, folder || '/')
            .filter((name) => matchComponent(component, name))
            .map((name) => `${folder}/${name}`)
        : [`${folder}/${withoutEscapes(component)}`],
    );
  return paths;
}

function namesIn(source: FileSource, folder: string): string[] {
  const found = findInRoot(source.rootFd, folder);
  if (!found) return [];
  try {
    return found.stats.isDirectory() ? readdirSync(fdPath(found.fd)).sort() : [];
  } finally {
    closeSync(found.fd);
  }
}
