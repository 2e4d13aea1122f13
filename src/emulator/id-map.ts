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
  /** /proc/self/uid_map: whether we are in a namespace already. */
  ownMap: string;
  hasHelpers: boolean;
}

/** Ids of one namespace: as many as a distribution's own packages use. */
export const idCount = 65536;

/** Above systemd's container ranges (up to 1,879,048,191) and below 2^31. */
const rootRangeStart = 1_900_000_000;

export function chooseIdMap(host: HostIds): IdMap {
  if (host.uid === 0) return rootMap(host);
  const uidRange = rangeOf(host.subuid, host);
  const gidRange = rangeOf(host.subgid, host);
  const owner = { uid: host.uid, gid: host.gid };
  if (uidRange === undefined || gidRange === undefined || !host.hasHelpers)
    return { how: 'single', uids: `0 ${host.uid} 1`, gids: `0 ${host.gid} 1`, owner };
  const map = (own: number, range: Range) =>
    `0 ${own} 1,1 ${range.start} ${Math.min(range.count, idCount - 1)}`;
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
  return `only one user id is available: steps cannot switch users or own files as anybody but root; to mend it, ${missing}`;
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
    ownMap: readText('/proc/self/uid_map'),
    hasHelpers: helpers.every((name) =>
      searchPath().some((folder) => existsSync(join(folder, name))),
    ),
  };
}

interface Range {
  start: number;
  count: number;
}

function rootMap(host: HostIds): IdMap {
  const [, , mapped = 4294967295] = host.ownMap.trim().split(/\s+/).map(Number);
  const whole = mapped >= 4294967295;
  if (!whole && mapped < rootRangeStart + idCount) {
    // Root of a container with few ids is not the host's root: all its ids are subordinate already.
    const all = `0 0 ${mapped}`;
    return { how: 'direct', uids: all, gids: all, owner: { uid: 0, gid: 0 } };
  }
  const range = rangeOf(host.subuid, host) ?? { start: rootRangeStart, count: idCount };
  const map = `0 ${range.start} ${Math.min(range.count, idCount)}`;
  return { how: 'direct', uids: map, gids: map, owner: { uid: range.start, gid: range.start } };
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
