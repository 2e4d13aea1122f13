/** Emulators that the host already has. */
import { createReadStream } from 'node:fs';
import { access, constants, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { cpuOf, cpus } from '../../binfmt/index.ts';
import { callersWords, hostPath } from '../../caller-paths.ts';
import { ioError, MpkitError } from '../../errors.ts';
import { parsePlatform } from '../../platform.ts';
import { compareVersions } from '../../qemu-version.ts';
import { addEmulator } from '../add.ts';
import type { EmulatorRecord } from '../record.ts';
import { checkElf, type Inspection, inspectProgram } from './inspect.ts';

export interface HostSearch {
  /** As in PATH; unless told PATH itself and then the usual folders. */
  searchPath?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface HostResult {
  added: EmulatorRecord[];
  /** One line for each program with an emulator's name that cannot be used. */
  refused: string[];
}

/** Adds the newest static emulator that the host has for each of the architectures. */
export async function addFromHost(
  root: string,
  architectures: readonly string[],
  { searchPath = usualPath(), signal }: HostSearch = {},
): Promise<HostResult> {
  const result: HostResult = { added: [], refused: [] };
  for (const cpu of cpus.filter(({ architecture }) => architectures.includes(architecture))) {
    const found: (Inspection & { path: string })[] = [];
    for (const path of await programsNamed(cpu.qemu, foldersOf(searchPath))) {
      try {
        // the header first: most programs are refused by it and need not be executed
        checkElf(path);
        found.push({ ...(await inspectProgram(path, { signal })), path });
      } catch (error) {
        if (!(error instanceof MpkitError)) throw error;
        result.refused.push(error.message);
      }
    }
    const best = found
      .filter(({ architecture }) => architecture === cpu.architecture)
      .sort((a, b) => compareVersions(b.version, a.version))[0];
    if (best) result.added.push(await addFile(root, best.path, { signal }));
  }
  return result;
}

/**
 * Adds one program. What it emulates is what it says itself; `architecture`, where given, must
 * agree. Throws `emulator-broken` for anything but a static QEMU, `not-found`, `invalid-input`.
 */
export async function addFile(
  root: string,
  path: string,
  { architecture, signal }: { architecture?: string | undefined; signal?: AbortSignal | undefined },
): Promise<EmulatorRecord> {
  const absolute = hostPath(path);
  await checkFile(absolute, path);
  return await addEmulator(root, createReadStream(absolute), async (staged) => {
    checkElf(staged.path, path);
    const facts = await inspectProgram(staged.path, { start: absolute, signal });
    if (architecture !== undefined && facts.architecture !== architecture)
      throw new MpkitError(
        'invalid-input',
        `expected an emulator of ${architecture}, but \`${path}\` emulates ${facts.architecture}`,
      );
    return { ...facts, source: { kind: 'path', from: callersWords(absolute) } };
  });
}

/** sudo, cron and services have a short PATH; Debian keeps links for binfmt in the last folder. */
function usualPath(): string {
  return `${process.env.PATH ?? ''}:/usr/local/bin:/usr/bin:/usr/libexec:/usr/libexec/qemu-binfmt`;
}

function foldersOf(searchPath: string): string[] {
  return [...new Set(searchPath.split(':').filter(isAbsolute))];
}

/** Executable files of these names, links resolved, each once, in the order of the folders. */
async function programsNamed(names: string[], folders: string[]): Promise<string[]> {
  const paths = new Set<string>();
  for (const folder of folders)
    for (const name of names) {
      const path = await realpath(join(folder, name)).catch(() => undefined);
      if (path !== undefined && (await isExecutable(path))) paths.add(path);
    }
  return [...paths];
}

async function isExecutable(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined);
  if (!facts?.isFile()) return false;
  return await access(path, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function checkFile(path: string, name: string): Promise<void> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR')
      throw ioError(error, `reading \`${name}\``);
    const cpu = emulatedBy(name);
    throw new MpkitError('not-found', `there is no file \`${name}\``, {
      hint: cpu
        ? `\`mpkit emulator add --platform linux/${cpu}\` fetches the emulator of that CPU`
        : '`mpkit emulator add` without a path fetches every emulator',
    });
  });
  if (!facts.isFile()) throw new MpkitError('invalid-input', `\`${name}\` is no regular file`);
}

/** Where the word for a CPU was taken for a path. */
function emulatedBy(name: string): string | undefined {
  try {
    return cpuOf(parsePlatform(name).architecture)?.architecture;
  } catch {
    return undefined;
  }
}
