/**
 * What the builder's namespace is lent: which objects, found where and known by what, and the places
 * where native/sandbox attaches them. Nothing here opens anything: native/lend.c does that, once,
 * and refuses what is not the object that was seen here.
 */
import { lstatSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Access, describePlaces, type Place, placeName } from '../caller-paths.ts';
import { MpkitError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import type { IdMap } from './id-map.ts';
import type { SeenFolder, StateFolder } from './state-folder.ts';
import { requireBindable } from './unbindable.ts';

/** A host path that the inside needs. */
export interface Loan {
  /** Resolved, as `hostPath` gives it. */
  path: string;
  /** What is written to may be missing from some folder on: it is made. */
  access: Access;
}

export interface Lent {
  /** For `sandbox enter`. */
  words: string[];
  /** The state folder and the program as the inside has them. */
  root: string;
  program: string[];
  environment: Record<string, string>;
}

/** Root's builder could not even read this program otherwise. */
export function lend(state: StateFolder, loans: Loan[], map: IdMap): Lent {
  const root = state.path;
  // an ordinary user is the owner of what is lent anyway
  const shifted = map.how === 'direct' && map.owner.uid !== 0;
  const { emulators } = state;
  const main = join(packageRoot(), 'dist/main.js');
  const own = shifted ? [packageRoot(), process.execPath] : [];
  for (const { path } of loans) requireBindable(path);
  const unique = uniqueLoans([
    ...loans,
    ...own.map((path) => ({ path, access: 'read' as const })),
    ...(emulators ? [{ path: emulators.path, access: 'write' as const }] : []),
  ]);
  const folder = placesFolder(shifted ? [] : [packageRoot(), process.execPath]);
  const place = (number: number) => join(folder, `${placeName}${number}`);
  const lent: Place[] = [{ path: root, access: 'read' as const }, ...unique].map(
    (loan, number) => ({
      ...loan,
      place: place(number),
    }),
  );
  const [first, ...others] = lent as [Place, ...Place[]];
  const inside = (path: string) => {
    const holding = others.find((each) => each.path === path);
    return holding ? holding.place : path;
  };
  return {
    words: [
      ...['--places', folder],
      ...(shifted ? ['--shifted'] : []),
      ...words('same', state),
      ...others.flatMap(({ path, access }) =>
        path === emulators?.path ? words(access, emulators) : describe(path, access),
      ),
    ],
    root: first.place,
    program: [
      inside(process.execPath),
      ...process.execArgv,
      join(inside(packageRoot()), relative(packageRoot(), main)),
    ],
    environment: {
      MPKIT_ROOT: first.place,
      MPKIT_PLACES: describePlaces(lent),
      ...(emulators ? { MPKIT_EMULATORS: inside(emulators.path) } : {}),
    },
  };
}

/** One loan of each path, for writing if any is; the outer ones first. */
function uniqueLoans(loans: Loan[]): Loan[] {
  const unique = new Map<string, Loan>();
  for (const loan of loans)
    if (unique.get(loan.path)?.access !== 'write') unique.set(loan.path, loan);
  return [...unique.values()].sort((a, b) => a.path.length - b.path.length);
}

/** A folder that every Linux has and that holds nothing that the builder runs. */
function placesFolder(used: string[]): string {
  const found = ['/dev/shm', '/mnt', '/run', '/tmp'].find(
    (folder) =>
      lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() &&
      !used.some((path) => path.startsWith(`${folder}/`)),
  );
  if (found) return found;
  throw new MpkitError('host-unable', 'there is no /dev/shm, /mnt, /run or /tmp to lend files in');
}

/** What is there now; from the first missing folder on it is made by native/lend.c. */
function describe(path: string, access: Access): string[] {
  for (let there = path; ; there = dirname(there)) {
    const is = lstatSync(there, { throwIfNoEntry: false, bigint: true });
    if (is) return words(access, { path: there, dev: is.dev, ino: is.ino }, relative(there, path));
    if (access !== 'write' || there === '/')
      throw new MpkitError('not-found', `\`${path}\` does not exist`);
  }
}

function words(access: Access | 'same', { path, dev, ino }: SeenFolder, missing = ''): string[] {
  return ['--lend', access, `${dev}`, `${ino}`, path, missing];
}
