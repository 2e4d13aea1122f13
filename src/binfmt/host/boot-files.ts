/** What boot configuration registers: systemd's binfmt.d, Debian's database, mpkit's own script. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { at, type HostView } from './view.ts';

export type BootOwner = 'systemd' | 'binfmt-support' | 'mpkit';

export interface BootEntry {
  name: string;
  owner: BootOwner;
  /** The file that says so. */
  file: string;
}

/** binfmt.d(5), the strongest first: a file hides those of the same name in the later folders. */
const folders = ['/etc/binfmt.d', '/run/binfmt.d', '/usr/local/lib/binfmt.d', '/usr/lib/binfmt.d'];

/** mpkit's own files, whatever brings them into force. */
export const ownConf = '/etc/binfmt.d/zz-mpkit.conf';
export const ownScript = '/usr/lib/mpkit/binfmt-register';
export const database = '/var/lib/binfmts';

/** Everything that a boot would register, in no order; `binfmt.d` only where systemd reads it. */
export function bootEntries(view: HostView): BootEntry[] {
  return [...systemdEntries(view), ...databaseEntries(view), ...scriptEntries(view)];
}

/** The first line of what mpkit writes for systemd; a file without it is somebody else's. */
export const header =
  '# Written by `mpkit binfmt install --persist`; `mpkit binfmt uninstall` removes it.';

/** A regular file that starts with our line: a link leads to what others own. */
export function isOwn(view: HostView, file: string): boolean {
  return !isLink(view, file) && read(at(view, file)).startsWith(`${header}\n`);
}

export function isLink(view: HostView, file: string): boolean {
  return lstatSync(at(view, file), { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** The text after `#` and `;` at a line's start is a comment. */
export function namesInConf(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s*[#;]/.test(line));
  return lines.flatMap((line) => line.trim().slice(1).split(line.trim().charAt(0))[0] ?? []);
}

function systemdEntries(view: HostView): BootEntry[] {
  const files = new Map<string, string>();
  for (const folder of folders)
    for (const name of list(at(view, folder)))
      if (name.endsWith('.conf') && !files.has(name)) files.set(name, join(folder, name));
  return [...files.values()].flatMap((file) =>
    isMasked(at(view, file))
      ? []
      : namesInConf(read(at(view, file))).map((name) => ({
          name,
          owner: file === ownConf && isOwn(view, file) ? ('mpkit' as const) : ('systemd' as const),
          file,
        })),
  );
}

function databaseEntries(view: HostView): BootEntry[] {
  return list(at(view, database)).map((name) => {
    const file = join(database, name);
    const owner = read(at(view, file)).split('\n')[0] === 'mpkit' ? 'mpkit' : 'binfmt-support';
    return { name, owner, file };
  });
}

function scriptEntries(view: HostView): BootEntry[] {
  const names = [...read(at(view, ownScript)).matchAll(/^:([^:]+):/gm)].map(([, name]) => name!);
  return names.map((name) => ({ name, owner: 'mpkit', file: ownScript }));
}

function isMasked(path: string): boolean {
  try {
    return readlinkSync(path) === '/dev/null';
  } catch {
    return false;
  }
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
