/** Keeps handlers over a reboot, in the one way that this host uses. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MpkitError } from '../../../errors.ts';
import type { BinfmtEntry } from '../../entry.ts';
import { bootEntries, database, isLink, isOwn, ownConf, ownScript } from '../boot-files.ts';
import { readHandler, register, unregister } from '../handlers.ts';
import { makeFolder } from '../make-folder.ts';
import { at, type HostView } from '../view.ts';
import { removeUnit, writeUnit } from './boot-unit.ts';
import { bytesOf, formatConf, parseConf } from './conf.ts';
import { addToDatabase, removeFromDatabase } from './debian.ts';
import { notOurs, refusal } from './refusal.ts';
import { type BootWay, bootWay } from './way.ts';

export interface Kept {
  way: BootWay;
  files: string[];
  /** What could not be kept, and why. */
  refused: { name: string; why: string }[];
}

/** Whether an earlier install asked for it, so that later ones keep it in step. */
export function isPersistent(view: HostView): boolean {
  return bootEntries(view).some(({ owner }) => owner === 'mpkit');
}

/** The names that a boot would register for mpkit. */
export function persistedNames(view: HostView): string[] {
  const own = bootEntries(view).filter(({ owner }) => owner === 'mpkit');
  return [...new Set(own.map(({ name }) => name))].sort();
}

/** Interpreters that boot configuration names: their files must stay. */
export function persistedInterpreters(view: HostView): string[] {
  const inFiles = [ownConf, ownScript].flatMap((file) => entriesOf(at(view, file)));
  const inDatabase = bootEntries(view)
    .filter(({ owner, file }) => owner === 'mpkit' && file.startsWith(database))
    .map(({ file }) => readFileSync(at(view, file), 'utf8').split('\n'))
    .flatMap((lines) => lines.filter((line) => line.startsWith('/')));
  return [...inFiles.map(({ interpreter }) => interpreter), ...inDatabase];
}

/**
 * Makes `entries` all that mpkit has at boot; none removes every trace. The handlers stay
 * registered. Throws `host-unable` where nothing is known that runs at boot, and an MpkitError where
 * a file cannot be written or is not ours.
 */
export async function persist(
  view: HostView,
  entries: readonly BinfmtEntry[],
): Promise<Kept | undefined> {
  try {
    return await keep(view, entries);
  } catch (error) {
    throw refusal(error, view);
  }
}

async function keep(view: HostView, entries: readonly BinfmtEntry[]): Promise<Kept | undefined> {
  const way = entries.length > 0 ? requireBootWay(view) : bootWay(view);
  await forgetOthers(view, way, new Set(entries.map(({ name }) => name)));
  if (entries.length === 0 || way === undefined) return undefined;
  if (way === 'systemd') {
    if (isForeign(view, ownConf)) throw notOurs(ownConf);
    replaceFile(at(view, ownConf), formatConf(entries));
    return { way, files: [ownConf], refused: [] };
  }
  if (way !== 'binfmt-support') return { way, files: writeUnit(view, way, entries), refused: [] };
  const kept: Kept = { way, files: [], refused: [] };
  for (const entry of entries) {
    const rival = rivalInDatabase(view, entry);
    if (rival)
      kept.refused.push({
        name: entry.name,
        why: `binfmt-support has \`${rival}\` for the same programs: remove the package that brought it`,
      });
    else {
      await moveToDatabase(view, entry);
      kept.files.push(`${database}/${entry.name}`);
    }
  }
  return kept;
}

/** Throws `host-unable` where nothing is known that runs at boot, as in most containers. */
export function requireBootWay(view: HostView): BootWay {
  const way = bootWay(view);
  if (way) return way;
  throw new MpkitError('host-unable', 'nothing that runs at boot was found on this host', {
    hint: 'register at each start with `mpkit binfmt install`; containers register on their host',
  });
}

/** Never two ways at once: an entry of the other ones goes, and what is no longer asked for. */
async function forgetOthers(
  view: HostView,
  way: BootWay | undefined,
  names: ReadonlySet<string>,
): Promise<void> {
  if ((way !== 'systemd' || names.size === 0) && !isForeign(view, ownConf))
    rmSync(at(view, ownConf), { force: true });
  if (way === undefined || way === 'systemd' || way === 'binfmt-support' || names.size === 0)
    removeUnit(view);
  for (const { name, owner, file } of bootEntries(view)) {
    if (owner !== 'mpkit' || !file.startsWith(database)) continue;
    if (way === 'binfmt-support' && names.has(name)) continue;
    const lines = readFileSync(at(view, file), 'utf8').split('\n');
    const interpreter = lines.find((line) => line.startsWith('/')) ?? '/nonexistent';
    // the tool takes the kernel's entry away too; whoever wants it keeps it
    const kept = names.has(name) ? readHandler(view, name) : undefined;
    await removeFromDatabase(view, name, interpreter);
    if (kept && !readHandler(view, name)) register(view, kept);
  }
}

/** binfmt-support keeps one format of a magic with flag F. */
function rivalInDatabase(view: HostView, { name, match }: BinfmtEntry): string | undefined {
  if (!('magic' in match)) return undefined;
  return bootEntries(view)
    .filter(({ file, name: other }) => file.startsWith(`${database}/`) && other !== name)
    .find(({ file }) => {
      const [, type, , magic = ''] = readFileSync(at(view, file), 'latin1').split('\n');
      return type === 'magic' && bytesOf(magic).equals(match.magic);
    })?.name;
}

/** The tool registers by itself, or does nothing where it finds no mount: then we do. */
async function moveToDatabase(view: HostView, entry: BinfmtEntry): Promise<void> {
  if (readHandler(view, entry.name)) unregister(view, entry.name);
  try {
    await addToDatabase(view, entry);
  } finally {
    if (!readHandler(view, entry.name)) register(view, entry);
  }
}

function entriesOf(path: string): BinfmtEntry[] {
  return existsSync(path) ? parseConf(readFileSync(path, 'utf8')) : [];
}

function isForeign(view: HostView, file: string): boolean {
  return (existsSync(at(view, file)) || isLink(view, file)) && !isOwn(view, file);
}

function replaceFile(path: string, text: string): void {
  makeFolder(dirname(path));
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
