/**
 * An image must hold what it claims to be: its entry point, its shell and the loaders they name
 * are for the CPU of its platform. Scripts are followed to their interpreters.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { posix } from 'node:path';
import { architectureOf, cpuOf, readElf } from '../../binfmt/index.ts';
import { ioError, MpkitError } from '../../errors.ts';
import { O_PATH, openInRoot } from '../../libc.ts';
import { formatPlatform, type Platform } from '../../platform.ts';
import { defaultPath, environmentOf } from './config.ts';
import type { ImageConfig } from './documents.ts';

export interface TruthCheck {
  /** Of the image's merged root folder; stays open. */
  rootFd: number;
  config: ImageConfig;
  platform: Platform;
}

/**
 * Throws `untruthful-image`. What is missing, or is neither ELF nor script, proves nothing and
 * passes, as does every image for a CPU that mpkit does not know. A 32-bit program is refused in a
 * 64-bit image where it would be the entry point, the shell or a loader: such an image is a 32-bit
 * one, and claiming otherwise misleads whoever picks images by platform. No other file is looked
 * at, so multilib images stay possible.
 */
export function checkTruthful({ rootFd, config, platform }: TruthCheck): void {
  if (!cpuOf(platform.architecture)) return;
  const pending = startingPoints(config);
  for (let followed = 0; followed < mostPrograms; followed++) {
    const path = pending.shift();
    if (path === undefined) return;
    const program = findProgram(rootFd, path, config);
    if (!program) continue;
    const { elf, architecture, next } = program;
    if (elf && architecture !== platform.architecture)
      throw untruthful(program.path, architecture, platform);
    pending.push(...next);
  }
}

/** Entry point and shell, one interpreter or loader after the other. */
const mostPrograms = 12;

interface Program {
  path: string;
  elf: boolean;
  architecture?: string | undefined;
  /** Interpreters and loaders that it needs. */
  next: string[];
}

function startingPoints({ config }: ImageConfig): string[] {
  const argv = config?.Entrypoint?.length ? config.Entrypoint : config?.Cmd;
  return [argv?.[0], config?.Shell?.[0] ?? '/bin/sh'].filter((path) => path !== undefined);
}

/** The program as execvp(3) would find it, were the image running. */
function findProgram(rootFd: number, name: string, config: ImageConfig): Program | undefined {
  for (const path of candidatesFor(name, config)) {
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

function candidatesFor(name: string, config: ImageConfig): string[] {
  if (name === '' || name.includes('\0')) return [];
  if (name.includes('/')) return [posix.resolve('/', config.config?.WorkingDir ?? '/', name)];
  const path = environmentOf(config).get('PATH') ?? defaultPath;
  return path.split(':', 100).map((folder) => posix.resolve('/', folder, name));
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

function untruthful(path: string, found: string | undefined, platform: Platform): MpkitError {
  const claim = `the image claims ${formatPlatform(platform)}`;
  return new MpkitError(
    'untruthful-image',
    `\`${path}\` is ${found ?? 'for another kind of CPU'}, but ${claim}`,
    { hint: 'compile it for `$TARGETARCH`, or copy it from a stage of the target platform' },
  );
}
