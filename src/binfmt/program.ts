/** The program that a name means inside a root folder, and what the kernel needs to start it. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import { ioError } from '../errors.ts';
import { O_PATH, openInRoot } from '../libc.ts';
import { architectureOf, readElf } from './elf.ts';

export interface Program {
  path: string;
  elf: boolean;
  architecture?: string | undefined;
  /** Interpreters and loaders that it needs. */
  next: string[];
}

export interface Places {
  directory: string;
  /** As PATH has it. */
  searchPath: string;
}

/** As execvp(3) would find it with `rootFd` for a root folder; no link leads out of that. */
export function findProgram(rootFd: number, name: string, places: Places): Program | undefined {
  for (const path of candidatesFor(name, places)) {
    const fd = openRegular(rootFd, path);
    if (fd === undefined) continue;
    try {
      return inspect(fd, path);
    } finally {
      closeSync(fd);
    }
  }
  return undefined;
}

function candidatesFor(name: string, { directory, searchPath }: Places): string[] {
  if (name === '' || name.includes('\0')) return [];
  if (name.includes('/')) return [posix.resolve('/', directory, name)];
  const folders = searchPath.split(':', 100);
  return folders.map((folder) => posix.resolve('/', directory, folder, name));
}

function inspect(fd: number, path: string): Program {
  const facts = readElf(fd);
  if (!facts) return { path, elf: false, next: interpreterOf(fd) };
  const next = facts.interpreter === undefined ? [] : [facts.interpreter];
  return { path, elf: true, architecture: architectureOf(facts), next };
}

/** `#!INTERPRETER [ARGUMENT]`; `env` needs the program that it looks for, too. */
function interpreterOf(fd: number): string[] {
  const start = Buffer.alloc(256);
  const length = readSync(fd, start, 0, start.length, 0);
  const [line = ''] = start.toString('latin1', 0, length).split('\n', 1);
  if (!line.startsWith('#!')) return [];
  const [interpreter = '', argument = ''] = line
    .slice(2)
    .trim()
    .split(/[ \t]+/);
  const isEnv = posix.basename(interpreter) === 'env' && /^[^-=]+$/.test(argument);
  return isEnv ? [interpreter, argument] : [interpreter];
}

/** Undefined for what is missing or no regular file: opening a device could do something. */
function openRegular(rootFd: number, path: string): number | undefined {
  let place: number | undefined;
  try {
    place = openInRoot(rootFd, path, O_PATH);
    if (!fstatSync(place).isFile()) return undefined;
    return openSync(`/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG'].includes(code)) return undefined;
    throw ioError(error, `reading \`${path}\` of the image`);
  } finally {
    if (place !== undefined) closeSync(place);
  }
}
