/**
 * `USER` and `-u`: name or number, with optional group, looked up in the image's own passwd and
 * group files (never through the host's libc, which could load what the image holds).
 */
import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { MpkitError } from '../errors.ts';
import { openInRoot } from '../libc.ts';
import { unmappedIds } from './own-ids.ts';
import type { Identity } from './sandbox.ts';

export interface User extends Identity {
  /** From passwd; `/` where the user has no line there. */
  home: string;
}

/**
 * Docker's rules: an unknown number gets group 0, an unknown name is refused; with a group given
 * there are no supplementary groups; the primary group is always in the list (CVE-2023-25173).
 */
export function resolveUser(rootFd: number, spec: string): User {
  // what follows a second colon belongs to the group's name, which none has
  const [userWord = '', groupWord] = splitOwner(spec);
  const passwd = readTable(rootFd, '/etc/passwd').map(([name, , uid, gid, , home]) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    home,
  }));
  const line = userWord === '' ? undefined : find(passwd, userWord, (each) => each.uid);
  const user = line?.uid ?? numberOf(userWord || '0', 'user', spec);
  const rootLine = userWord === '' ? passwd.find((each) => each.uid === 0) : undefined;
  const home = line?.home || rootLine?.home || '/';
  if (groupWord) {
    const group = resolveGroup(rootFd, groupWord);
    return { user, group, groups: [group], home };
  }
  const group = line?.gid ?? rootLine?.gid ?? 0;
  const name = line?.name ?? rootLine?.name;
  const groups = readTable(rootFd, '/etc/group')
    .filter(([, , , members]) => name && members?.split(',').includes(name))
    .map(([, , gid]) => Number(gid))
    .filter((gid) => isId(gid));
  return { user, group, groups: [...new Set([group, ...groups])].slice(0, 256), home };
}

/** `user[:group]`, at the first colon. */
export function splitOwner(spec: string): [user: string, group?: string] {
  const at = spec.indexOf(':');
  return at < 0 ? [spec] : [spec.slice(0, at), spec.slice(at + 1)];
}

/** Throws `permission-denied` for ids that the namespace lacks; `spec` as the user gave it. */
export function requireMapped(identity: Identity, spec: string): void {
  const error = unmappedIds(identity, `cannot run as \`${spec}\``);
  if (error) throw error;
  if (process.env.MPKIT_IDS === 'single') return;
  for (const group of identity.groups) {
    const unknown = unmappedIds({ user: 0, group }, `cannot run as \`${spec}\``);
    if (unknown) throw unknown;
  }
}

/** A group name or number; an unknown name is refused. */
export function resolveGroup(rootFd: number, word: string): number {
  const groups = readTable(rootFd, '/etc/group').map(([name, , gid]) => ({
    name,
    gid: Number(gid),
  }));
  return find(groups, word, (each) => each.gid)?.gid ?? numberOf(word, 'group', word);
}

/** Parsed from 0 to 2^32-2: beyond, ids would wrap around to 0. */
export function parseId(word: string): number | undefined {
  return /^[0-9]{1,10}$/.test(word) && isId(Number(word)) ? Number(word) : undefined;
}

function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < 4294967295;
}

/** The line of that name, else of that number. */
function find<T extends { name: string | undefined }>(
  lines: T[],
  word: string,
  idOf: (line: T) => number,
): T | undefined {
  const byName = lines.find((line) => line.name === word);
  const line = byName ?? lines.find((each) => idOf(each) === parseId(word));
  return line && isId(idOf(line)) ? line : undefined;
}

function numberOf(word: string, what: 'user' | 'group', spec: string): number {
  const id = parseId(word);
  if (id !== undefined) return id;
  throw new MpkitError(
    'invalid-input',
    `unknown ${what} \`${word}\` in \`${spec}\`: not in the image's ${what === 'user' ? 'passwd' : 'group'} file and no number below 4294967295`,
  );
}

const mostBytes = 10 * 1024 * 1024;

/** Colon-separated lines of a regular file of the image; nothing where it is missing. */
function readTable(rootFd: number, path: string): string[][] {
  let fd: number;
  try {
    // O_NONBLOCK: a FIFO in its place must not stop the build
    fd = openInRoot(rootFd, path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (
      ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')
    )
      return [];
    throw error;
  }
  try {
    const { size } = checkRegular(fd, path);
    const content = Buffer.alloc(size);
    readSync(fd, content, 0, size, 0);
    const lines = content.toString('latin1').split('\n');
    return lines.filter((line) => line && !line.startsWith('#')).map((line) => line.split(':'));
  } finally {
    closeSync(fd);
  }
}

function checkRegular(fd: number, path: string): { size: number } {
  const is = fstatSync(fd);
  if (!is.isFile())
    throw new MpkitError('invalid-image', `\`${path}\` in the image is no regular file`);
  if (is.size > mostBytes)
    throw new MpkitError('invalid-image', `\`${path}\` in the image is larger than 10 MiB`);
  return is;
}
