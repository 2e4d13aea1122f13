import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { alone, isOnPath, ownFolder, type Requirement, requires } from './requires.ts';

/** Whom a command runs as; `needs` tells whether this machine can do it. */
export interface TestUser extends Requirement {
  name: string;
  uid: number;
  gid: number;
}

/**
 * An ordinary user with (`mpkit-test`) or without (`mpkit-test-plain`) a subordinate id range. Root
 * makes it, the last run of tests removes it (`MPKIT_TEST_USER` names it otherwise); an ordinary user who runs the tests is that user if the range is as asked.
 */
export function testUser(kind: 'range' | 'plain'): TestUser {
  const me = userInfo();
  if (me.uid !== 0) {
    const found = hasRange(me.username);
    const ok = found === (kind === 'range');
    const why = ok ? '' : ` (skipped: ${me.username} has ${found ? 'an' : 'no'} id range)`;
    return { name: me.username, uid: me.uid, gid: me.gid, ok, why };
  }
  const need = requires('setpriv', 'useradd', ...(kind === 'range' ? ['newuidmap'] : []));
  const prefix = process.env.MPKIT_TEST_USER ?? 'mpkit-test';
  const name = kind === 'range' ? prefix : `${prefix}-plain`;
  if (!need.ok) return { name, uid: -1, gid: -1, ...need };
  return alone(() => ({ name, ...makeUser(name, kind), ...need }));
}

/** The command line that runs `command` as `user` with no other group; itself if we are `user`. */
export function asUser(user: TestUser | undefined, command: string[]): string[] {
  if (user === undefined || user.uid === process.getuid?.()) return command;
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  return ['setpriv', ...ids, '--inh-caps=-all', '--', ...command];
}

/** A new temporary folder that `user` owns; the caller removes it. */
export function folderOf(user: TestUser | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'mpkit-test-'));
  if (user) chownSync(folder, user.uid, user.gid);
  return folder;
}

function hasRange(name: string): boolean {
  return isOnPath('newuidmap') && rangesOf('/etc/subuid').some(([owner]) => owner === name);
}

function makeUser(name: string, kind: 'range' | 'plain'): { uid: number; gid: number } {
  if (spawnSync('id', [name]).status !== 0) {
    // first the note, so that a killed run's user is removed by a later one
    const made = join(ownFolder(), 'users');
    mkdirSync(made, { recursive: true });
    writeFileSync(join(made, name), '');
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', name]);
  }
  for (const file of ['/etc/subuid', '/etc/subgid'])
    if (kind === 'range' && !rangesOf(file).some(([owner]) => owner === name))
      appendFileSync(file, `${name}:${firstFree()}:65536\n`);
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function firstFree(): number {
  const ranges = [...rangesOf('/etc/subuid'), ...rangesOf('/etc/subgid')];
  return Math.max(100_000, ...ranges.map(([, start, count]) => start + count));
}

/** subuid(5): owner, first id, count. */
function rangesOf(file: string): [owner: string, start: number, count: number][] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes(':'));
  return lines.map((line) => {
    const [owner, start, count] = line.split(':') as [string, string, string];
    return [owner, Number(start), Number(count)];
  });
}
