/**
 * What checks judge: the files below a root folder and what only the kernel could say. The root is
 * `/`, or a folder that holds a recorded host.
 */
import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type HostFiles,
  type HostView,
  hostFiles,
  type Interpreter,
  interpreterAt,
  thisHost,
} from '../binfmt/index.ts';
import { getXattr } from '../libc.ts';
import type { Trials } from './trials/trial.ts';

export interface HostFacts extends KnownFacts, Omit<HostFiles, 'kernel'> {
  view: HostView;
  file: (path: string) => FileFacts | undefined;
  /** What lies where a handler has its emulator. */
  interpreter: (path: string) => Interpreter;
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
  /** It has file capabilities. */
  capable: boolean;
}

export interface RecordedFile extends FileFacts {
  program: Interpreter['linkage'];
}

/** `recorded` adds files by path, or replaces what the root folder says about them. */
export function hostFacts(
  root: string,
  known: KnownFacts,
  recorded: ReadonlyMap<string, RecordedFile> = new Map(),
): HostFacts {
  const at = (path: string) => join(root, path);
  const files = hostFiles(root);
  const view = { root, instance: at(thisHost.instance) };
  const file = (path: string) => recorded.get(path) ?? readFileFacts(at(path), files, path);
  return {
    ...files,
    ...known,
    view,
    file,
    interpreter: (path) => {
      const noted = recorded.get(path);
      if (!noted) return interpreterAt(view, path);
      return { linkage: noted.program, executable: isExecutable(noted) };
    },
    find: (program) =>
      known.searchPath
        .map((folder) => join(folder, program))
        .find((path) => isExecutable(file(path))),
  };
}

function readFileFacts(place: string, files: HostFiles, path: string): FileFacts | undefined {
  const facts = attempt(() => statSync(place));
  if (!facts) return undefined;
  // opening tells more than access(2), but what opening does is known of these files only
  const isHandler = path.startsWith(`${thisHost.instance}/`);
  const writable = isHandler ? files.file(path)?.writable : isAccessible(place, constants.W_OK);
  return {
    mode: facts.mode & 0o7777,
    uid: facts.uid,
    readable: isAccessible(place, constants.R_OK),
    writable: writable === true,
    capable: isCapable(place, facts),
  };
}

function isCapable(place: string, facts: Stats): boolean {
  if (!facts.isFile() || !isExecutable(facts)) return false;
  return attempt(() => getXattr(place, 'security.capability')) !== undefined;
}

function isExecutable(facts: { mode: number } | undefined): boolean {
  return ((facts?.mode ?? 0) & 0o111) !== 0;
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
