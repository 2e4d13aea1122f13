/**
 * What checks judge: the files below a root folder and what only the kernel could say. The root is
 * `/`, or a folder that holds a recorded host.
 */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { readElf } from '../binfmt/index.ts';
import { getXattr } from '../libc.ts';
import type { Trials } from './trials/trial.ts';

export interface HostFacts extends KnownFacts {
  /** Undefined where it is missing or may not be read. */
  read: (path: string) => string | undefined;
  /** Sorted; empty where there is no such folder. */
  names: (path: string) => string[];
  file: (path: string) => FileFacts | undefined;
  /** The first program of that name in `searchPath`. */
  find: (program: string) => string | undefined;
}

/** What is no file. */
export interface KnownFacts {
  kernel: { release: string; machine: string };
  user: { uid: number; gid: number; name: string | undefined };
  environment: Record<string, string | undefined>;
  searchPath: string[];
  /** Milliseconds since the epoch. */
  now: number;
  /** The state folder; bytes that are free for this user. */
  state: { folder: string; free?: number | undefined };
  /** What execution showed; missing on recorded hosts where nobody tried. */
  trials?: Trials | undefined;
}

export interface FileFacts {
  mode: number;
  uid: number;
  readable: boolean;
  writable: boolean;
  /** A program that needs a loader, one that needs none, or no program. */
  program: 'static' | 'dynamic' | 'none';
  /** It has file capabilities. */
  capable: boolean;
}

/** `recorded` adds files by path, or replaces what the root folder says about them. */
export function hostFacts(
  root: string,
  known: KnownFacts,
  recorded: ReadonlyMap<string, FileFacts> = new Map(),
): HostFacts {
  const at = (path: string) => join(root, path);
  const file = (path: string) => recorded.get(path) ?? readFileFacts(at(path));
  return {
    ...known,
    read: (path) => attempt(() => readFileSync(at(path), 'utf8')),
    names: (path) => (attempt(() => readdirSync(at(path))) ?? []).sort(),
    file,
    find: (program) =>
      known.searchPath
        .map((folder) => join(folder, program))
        .find((path) => ((file(path)?.mode ?? 0) & 0o111) !== 0),
  };
}

function readFileFacts(path: string): FileFacts | undefined {
  const facts = attempt(() => statSync(path));
  if (!facts) return undefined;
  const executable = facts.isFile() && (facts.mode & 0o111) !== 0;
  const elf = executable ? attempt(() => readElf(path)) : undefined;
  return {
    mode: facts.mode & 0o7777,
    uid: facts.uid,
    readable: isAccessible(path, constants.R_OK),
    writable: isAccessible(path, constants.W_OK) && !isReadOnlyMount(path),
    program: elf ? (elf.isStatic ? 'static' : 'dynamic') : 'none',
    capable: executable && attempt(() => getXattr(path, 'security.capability')) !== undefined,
  };
}

/** access(2) lets root write where open(2) does not: only a try shows it. Nothing is written. */
function isReadOnlyMount(path: string): boolean {
  if (!path.startsWith('/proc/sys/fs/binfmt_misc/')) return false;
  const fd = attempt(() => openSync(path, constants.O_WRONLY));
  if (fd !== undefined) closeSync(fd);
  return fd === undefined;
}

function isAccessible(path: string, mode: number): boolean {
  return attempt(() => accessSync(path, mode) ?? true) === true;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
