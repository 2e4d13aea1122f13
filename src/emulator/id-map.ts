/**
 * Which host ids the builder's user namespace gets. Pure but for reading the given files.
 *
 * Root gets a subordinate range: a namespace whose 0 is the host's 0 protects little, because
 * files such as `/proc/sys/kernel/core_pattern` ask only for that id.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface IdMap {
  /** How native/sandbox writes it; see native/idmap.h. */
  how: 'direct' | 'helper' | 'single';
  /** `INSIDE OUTSIDE COUNT` triples, comma separated, as uid_map(5) has them. */
  uids: string;
  gids: string;
  /** The host's ids that are 0 inside: they own the state folder. */
  owner: { uid: number; gid: number };
}

export interface HostIds {
  uid: number;
  gid: number;
  userName: string | undefined;
  subuid: string;
  subgid: string;
  /** Whose ids these are already. */
  passwd: string;
  group: string;
  /** /proc/self/uid_map and gid_map: whether we are in a namespace already. */
  ownMap: string;
  ownGroupMap: string;
  hasHelpers: boolean;
  /** CAP_SYS_ADMIN: may shift the ids of what is lent. */
  mayMount: boolean;
  /** More groups than the first. */
  hasGroups: boolean;
}

/** As many as a distribution's own packages use. */
const idCount = 65536;

/** Above systemd's container ranges (up to 1,879,048,191) and below 2^31. */
const rootRangeStart = 1_900_000_000;

/**
 * What root's namespace has beyond `idCount`, for images of clusters and directories that number
 * their users from a billion on: each id 2^31 higher on the host, where no host numbers its own.
 */
const highIds = 2 ** 31 + idCount;

/** No id: the kernel's word for "unchanged". */
const noId = 2 ** 32 - 1;

export function chooseIdMap(host: HostIds): IdMap {
  if (host.uid === 0) return rootMap(host);
  const uidRange = rangeOf(host.subuid, host);
  const gidRange = rangeOf(host.subgid, host);
  const owner = { uid: host.uid, gid: host.gid };
  if (uidRange === undefined || gidRange === undefined || !host.hasHelpers)
    return { how: 'single', uids: `0 ${host.uid} 1`, gids: `0 ${host.gid} 1`, owner };
  const map = (own: number, range: Range) =>
    `0 ${own} 1,1 ${range.start} ${Math.min(range.count, noId - 1)}`;
  return {
    how: 'helper',
    uids: map(host.uid, uidRange),
    gids: map(host.gid, gidRange),
    owner,
  };
}

/** The one warning a single-id namespace deserves: what will not work, and what mends it. */
export function singleIdWarning(host: HostIds): string {
  const missing = host.hasHelpers
    ? `add a range with \`usermod --add-subuids ${freeRange(host)} --add-subgids ${freeRange(host)} ${host.userName ?? host.uid}\``
    : 'install the package `uidmap`';
  // the kernel lets nobody drop groups in a namespace of one id: it could take away a refusal
  const groups = host.hasGroups ? ', and reach what your groups reach' : '';
  return `only one user id is available: steps cannot switch users or own files as anybody but root${groups}; to mend it, ${missing}`;
}

/** Behind every range that anybody has: two users must not share ids. */
function freeRange({ subuid, subgid }: HostIds): string {
  const ends = `${subuid}\n${subgid}`.split('\n').map((line) => {
    const [, start, count] = line.split(':').map(Number);
    return (start ?? 0) + (count ?? 0) || 0;
  });
  const start = Math.max(100_000, ...ends);
  return `${start}-${start + idCount - 1}`;
}

/** Reads what `chooseIdMap` needs from the running host. */
export function readHostIds(): HostIds {
  const uid = process.getuid?.() ?? 0;
  const helpers = ['newuidmap', 'newgidmap'];
  return {
    uid,
    gid: process.getgid?.() ?? 0,
    userName: userNameOf(uid),
    subuid: readText('/etc/subuid'),
    subgid: readText('/etc/subgid'),
    passwd: readText('/etc/passwd'),
    group: readText('/etc/group'),
    ownMap: readText('/proc/self/uid_map'),
    ownGroupMap: readText('/proc/self/gid_map'),
    hasGroups: (process.getgroups?.() ?? []).some((group) => group !== process.getgid?.()),
    mayMount: mayMount(readText('/proc/self/status')),
    hasHelpers: helpers.every((name) =>
      searchPath().some((folder) => existsSync(join(folder, name))),
    ),
  };
}

function mayMount(status: string): boolean {
  const [, effective = 'ffffffff'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return ((BigInt(`0x${effective}`) >> 21n) & 1n) === 1n;
}

interface Range {
  start: number;
  count: number;
}

function rootMap(host: HostIds): IdMap {
  const own = parseMap(host.ownMap);
  const has = (first: number, count: number) =>
    own.some((each) => each.inside <= first && first + count <= each.inside + each.count);
  if (!has(rootRangeStart, idCount)) {
    // Root of a container with few ids is not the host's root: all its ids are subordinate already.
    const all = (map: MapLine[]) =>
      map.map(({ inside, count }) => `${inside} ${inside} ${count}`).join(',');
    const gids = all(parseMap(host.ownGroupMap));
    return { how: 'direct', uids: all(own), gids, owner: { uid: 0, gid: 0 } };
  }
  const range = rangeOf(host.subuid, host) ?? { start: rootRangeStart, count: idCount };
  const low = { start: range.start, count: Math.min(range.count, idCount) };
  const map = (granted: string, accounts: string) => {
    const count = has(highIds, noId - highIds) ? freeHighIds(low, granted, accounts) : 0;
    const high = count > 0 ? `,${idCount} ${highIds} ${count}` : '';
    // root of a container that can shift no ids of what it lends is 0 inside, as every user is
    return host.mayMount
      ? `0 ${low.start} ${low.count}${high}`
      : `0 0 1,1 ${low.start + 1} ${low.count - 1}${high}`;
  };
  return {
    how: 'direct',
    uids: map(host.subuid, host.passwd),
    gids: map(host.subgid, host.group),
    owner: host.mayMount ? { uid: range.start, gid: range.start } : { uid: 0, gid: 0 },
  };
}

/** Up to the first id there that somebody has after all. */
function freeHighIds(low: Range, granted: string, accounts: string): number {
  const numbers = (text: string) => text.split('\n').map((line) => line.split(':').map(Number));
  const ranges = [[Number.NaN, low.start, low.count], ...numbers(granted)];
  const starts = ranges
    .filter(([, start = 0, count = 0]) => start + count > highIds)
    .map(([, start = 0]) => start);
  const ids = numbers(accounts).flatMap(([, , id = 0]) => (id >= highIds ? [id] : []));
  return Math.min(noId, ...starts, ...ids) - highIds;
}

interface MapLine {
  inside: number;
  count: number;
}

/** uid_map(5): inside, outside, count. */
function parseMap(text: string): MapLine[] {
  const lines = text.trim().split('\n');
  return lines.map((line) => {
    const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return { inside, count };
  });
}

/** The user's largest range in subuid(5) form: `NAME-OR-UID:START:COUNT`. */
function rangeOf(file: string, host: HostIds): Range | undefined {
  const ranges: Range[] = [];
  for (const line of file.split('\n')) {
    const [who, start, count] = line.split(':');
    if (who === '' || (who !== host.userName && who !== String(host.uid))) continue;
    const range = { start: Number(start), count: Number(count) };
    if (Number.isSafeInteger(range.start) && range.start > 0 && range.count >= 1000)
      ranges.push(range);
  }
  return ranges.sort((a, b) => b.count - a.count)[0];
}

function userNameOf(uid: number): string | undefined {
  for (const line of readText('/etc/passwd').split('\n')) {
    const [name, , id] = line.split(':');
    if (id === String(uid)) return name;
  }
  return undefined;
}

function searchPath(): string[] {
  return [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/bin'].filter(Boolean);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
