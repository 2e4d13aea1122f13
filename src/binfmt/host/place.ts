/**
 * Where emulators of host-wide handlers lie: below /usr/lib, because boot configuration is read
 * when only the root file system and /usr are sure to be mounted; /var, /opt and /usr/local may be
 * others. Where /usr is read-only (image-based systems), /etc has the same promise. Names are made
 * from the content, so a running emulator is never written over.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ioError } from '../../errors.ts';
import { makeFolder } from './make-folder.ts';
import { at, type HostView } from './view.ts';

const folders = ['/usr/lib/mpkit/emulators', '/etc/mpkit/emulators'];

/** Returns the path as the host's kernel will see it. Nothing is written where it is there. */
export function placeEmulator(view: HostView, qemu: string, program: Buffer): string {
  const name = `${qemu}-${digestOf(program).slice(0, 16)}`;
  const present = folders.map((folder) => join(folder, name)).find((path) => isSame(view, path));
  if (present) return present;
  let refusal: unknown;
  for (const folder of folders)
    try {
      return write(view, folder, name, program);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EROFS')
        throw ioError(error, `placing \`${join(folder, name)}\``);
      refusal = error;
    }
  throw ioError(refusal, `placing \`${name}\``);

  function isSame(host: HostView, path: string): boolean {
    return existsSync(at(host, path)) && readFileSync(at(host, path)).equals(program);
  }
}

/** Whether a handler's interpreter is a program that mpkit placed for the host. */
export function isPlaced(interpreter: string): boolean {
  return folders.some((folder) => interpreter.startsWith(`${folder}/`));
}

/** Whether the file of a placed emulator is there, with the content that its name is made from. */
export function isWhole(view: HostView, interpreter: string): boolean {
  try {
    const digest = digestOf(readFileSync(at(view, interpreter)));
    return interpreter.endsWith(`-${digest.slice(0, 16)}`);
  } catch {
    return false;
  }
}

/** Removes what no path of `used` names, and folders that get empty. */
export function removeUnused(view: HostView, used: ReadonlySet<string>): void {
  for (const folder of folders) {
    if (!existsSync(at(view, folder))) continue;
    for (const name of readdirSync(at(view, folder)))
      if (!used.has(join(folder, name))) rmSync(at(view, join(folder, name)), { force: true });
    removeIfEmpty(at(view, folder));
    removeIfEmpty(at(view, join(folder, '..')));
  }
}

export function digestOf(program: Buffer): string {
  return createHash('sha256').update(program).digest('hex');
}

function write(view: HostView, folder: string, name: string, program: Buffer): string {
  makeFolder(at(view, folder));
  const temporary = at(view, join(folder, `.new-${randomBytes(6).toString('hex')}`));
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      for (let done = 0; done < program.length; ) done += writeSync(file, program, done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    chmodSync(temporary, 0o755);
    renameSync(temporary, at(view, join(folder, name)));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return join(folder, name);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // somebody's file is in it
  }
}
