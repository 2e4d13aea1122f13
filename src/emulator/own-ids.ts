/** Which ids exist in the builder's namespace, and what is said of one that does not. */
import { readFileSync } from 'node:fs';
import { type ErrorCode, MpkitError } from '../errors.ts';

export interface Owner {
  user: number;
  group: number;
}

/** An error that begins with `what`, unless both ids exist here. */
export function unmappedIds(
  { user, group }: Owner,
  what: string,
  { code = 'permission-denied', cause }: { code?: ErrorCode; cause?: unknown } = {},
): MpkitError | undefined {
  const missing = [
    ...(exists(user, 'uid_map') ? [] : [`user ${user}`]),
    ...(exists(group, 'gid_map') ? [] : [`group ${group}`]),
  ];
  if (missing.length === 0) return undefined;
  const why = isSingle() ? '' : `there is no ${missing.join(' and no ')}: `;
  return new MpkitError(code, `${what}: ${why}${whereIdsEnd()}`, { hint: moreIds(), cause });
}

/** A half sentence: the last id of this namespace. */
export function whereIdsEnd(): string {
  if (isSingle()) return 'only one user id is available';
  const [users, groups] = (['uid_map', 'gid_map'] as const).map((name) => end(name));
  if (users === groups) return `ids end at ${written(users)} here`;
  return `user ids end at ${written(users)} here, group ids at ${written(groups)}`;
}

export function moreIds(): string {
  if (isSingle())
    return 'the package `uidmap` and a range in /etc/subuid and /etc/subgid give more';
  if (process.env.MPKIT_IDS === 'helper')
    return 'a longer range of yours in /etc/subuid and /etc/subgid gives more, as does running as root';
  return 'choose a smaller number; these are all that root gives to builds';
}

type MapName = 'uid_map' | 'gid_map';

function isSingle(): boolean {
  return process.env.MPKIT_IDS === 'single';
}

function exists(id: number, name: MapName): boolean {
  return extents(name).some(([first, count]) => id >= first && id < first + count);
}

function end(name: MapName): number {
  return Math.max(...extents(name).map(([first, count]) => first + count - 1));
}

function extents(name: MapName): [first: number, count: number][] {
  const lines = readFileSync(`/proc/self/${name}`, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return [first, count];
  });
}

function written(id: number | undefined): string {
  return Number(id).toLocaleString('en-US');
}
