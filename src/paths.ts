/**
 * Where things are: the package, its built parts, and the one state folder.
 */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MpkitError } from './errors.ts';

/**
 * The state folder: `--root`, else MPKIT_ROOT, else `/var/lib/mpkit` for root and
 * `$XDG_DATA_HOME/mpkit` for anybody else. Absolute; not created here.
 */
export function stateRoot(flag?: string): string {
  if (process.env.MPKIT_INSIDE === '1' && process.env.MPKIT_ROOT) return process.env.MPKIT_ROOT;
  const asked = flag ?? process.env.MPKIT_ROOT;
  if (asked) return resolve(asked);
  if (process.getuid?.() === 0) return '/var/lib/mpkit';
  const data = absolute(process.env.XDG_DATA_HOME) ?? join(ownHome(), '.local/share');
  return join(resolve(data), 'mpkit');
}

/** HOME, and without it what the account says; a user of a container may have neither. */
function ownHome(): string {
  const home = absolute(process.env.HOME) ?? accountHome();
  if (home !== undefined) return home;
  throw new MpkitError(
    'usage',
    `no home folder is known for user ${process.getuid?.()}, where the state folder would be`,
    { hint: 'set HOME to an absolute path, or choose a state folder with `--root` or MPKIT_ROOT' },
  );
}

function accountHome(): string | undefined {
  try {
    return absolute(userInfo().homedir);
  } catch {
    return undefined;
  }
}

/** Empty and relative paths count as unset (XDG Base Directory Specification). */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

/** Whatever mpkit makes in a state folder; what has another name there is not mpkit's. */
export const stateNames = [
  ...['apt', 'apt.lock', 'attach', 'benches', 'blobs', 'builds', 'cache', 'emulators'],
  ...['in-use.lock', 'layers', 'locks', 'stub', 'tmp'],
];

/** With the choices between them; root's builder has it apart from the rest of its state folder. */
export function emulatorsFolder(root: string): string {
  const inside = process.env.MPKIT_INSIDE === '1' && process.env.MPKIT_ROOT === root;
  return (inside && process.env.MPKIT_EMULATORS) || join(root, 'emulators');
}

/** The package's own folder: a clone or what npm installed. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === '/') throw new Error('no package holds this program');
    folder = dirname(folder);
  }
  return folder;
}

/** The static C program that makes namespaces; compiled on first use by `setup/prepare.cjs`. */
export function sandboxProgram(): string {
  return process.env.MPKIT_SANDBOX ?? join(packageRoot(), 'build/native/sandbox');
}

/** The folder of committed probe programs, one ELF file per CPU. */
export function probeFolder(): string {
  return join(packageRoot(), 'native/probe/bin');
}

/** The folder of committed benchmark programs, one ELF file per CPU. */
export function benchFolder(): string {
  return join(packageRoot(), 'native/bench/bin');
}
