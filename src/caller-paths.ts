/**
 * The caller's paths, on both sides of the builder's namespace. Outside they are resolved, once;
 * inside each stands for the place where native/sandbox attached what was found (native/lend.h),
 * so that no path is walked twice. Only words speak of the caller's path then.
 */
import { lstatSync, readlinkSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { ioError, MpkitError } from './errors.ts';

export type Access = 'read' | 'write';

/** What is lent, and where it is inside. */
export interface Place {
  /** Resolved, as the caller's namespace has it. */
  path: string;
  access: Access;
  /** As the builder's namespace has it. */
  place: string;
}

/**
 * Outside: the path, links resolved as far as it exists. Inside: where that is there. Throws
 * `not-found` for what no file system can have, else `permission-denied`, `invalid-input` or `io`.
 */
export function hostPath(path: string, access: Access = 'read'): string {
  const key = `${access} ${path}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const real = lookUp(path);
  remembered.set(key, real);
  return real;
}

/** Inside: a path of the builder's namespace, or any text with such paths, in the caller's words. */
export function callersWords(text: string): string {
  if (places.length === 0 || !text.includes(placeName)) return text;
  // the longer number first: 1 is the beginning of 12
  return [...places].reverse().reduce((words, { place, path }) => {
    // by functions: `$` in a path is no pattern
    return words
      .replaceAll(`${place}/`, () => (path === '/' ? '/' : `${path}/`))
      .replaceAll(place, () => path);
  }, text);
}

/** For the environment of the inside: MPKIT_PLACES. */
export function describePlaces(lent: Place[]): string {
  const paths = [...remembered].map(([key, real]) => {
    const access = key.startsWith('write ') ? 'write' : 'read';
    return [key, placeOf(real, access, lent)];
  });
  return JSON.stringify({ paths, places: lent });
}

/** The name of every place begins so. */
export const placeName = 'mpkit-loan-';

const { paths, places } = (
  process.env.MPKIT_INSIDE === '1'
    ? JSON.parse(process.env.MPKIT_PLACES ?? '{"paths":[],"places":[]}')
    : { paths: [], places: [] }
) as { paths: [string, string][]; places: Place[] };

const remembered = new Map<string, string>(paths);

/**
 * The loan of that very path, or of the folder that it lies in: what is between a loan and a path
 * further down may be exchanged with links. What is not lent so keeps its path.
 */
function placeOf(real: string, access: Access, lent: Place[]): string {
  const placeIn = (path: string) =>
    lent.find((each) => each.path === path && (access === 'read' || each.access === 'write'))
      ?.place;
  const own = placeIn(real);
  if (own !== undefined) return own;
  const folder = placeIn(dirname(real));
  return folder === undefined ? real : join(folder, basename(real));
}

function lookUp(path: string): string {
  try {
    return resolveLinks(resolve(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTDIR' && code !== 'ENAMETOOLONG')
      throw ioError(error, `looking up \`${path}\``);
    const why = code === 'ENOTDIR' ? 'something on the way is no folder' : 'a name is too long';
    throw new MpkitError('not-found', `there can be no \`${path}\`: ${why}`, { cause: error });
  }
}

/**
 * realpath(3), for a path that need not exist to its end. A link is followed only if it is the
 * caller's or root's, or belongs to the owner of what it leads to: whoever owns a folder on the way
 * must not choose what of the caller's is read or written.
 */
function resolveLinks(path: string): string {
  const todo = path.split('/').filter(Boolean);
  let real = '/';
  let links: { link: string; owner: number; left: number }[] = [];
  for (let followed = 0; todo.length > 0; ) {
    const name = todo.shift()!;
    const next = name === '..' ? dirname(real) : join(real, name);
    const is = lstatSync(next, { throwIfNoEntry: false });
    if (!is) {
      requireTrusted(links, real);
      return join(real, name, ...todo);
    }
    if (!is.isSymbolicLink()) {
      real = next;
      requireTrusted(
        links.filter(({ left }) => left >= todo.length),
        real,
      );
      links = links.filter(({ left }) => left < todo.length);
      continue;
    }
    if (++followed > 40)
      throw new MpkitError('invalid-input', `\`${path}\` leads through too many links`);
    links.push({ link: next, owner: is.uid, left: todo.length });
    const target = readlinkSync(next);
    if (isAbsolute(target)) real = '/';
    todo.unshift(...target.split('/').filter((each) => each !== '' && each !== '.'));
  }
  requireTrusted(links, real);
  return real;
}

/** Looks at what was reached, not at the link again: it may lead elsewhere by now. */
function requireTrusted(links: { link: string; owner: number }[], real: string): void {
  for (const { link, owner } of links) {
    if (owner === 0 || owner === process.getuid?.()) continue;
    const reached = lstatSync(real).uid;
    if (reached === owner) continue;
    throw new MpkitError(
      'permission-denied',
      `\`${link}\` is a link of user ${owner} to what belongs to user ${reached}`,
      { hint: 'name the place that it leads to, if that is meant' },
    );
  }
}
