/**
 * What runs of tests share on one machine. Each is entered here while it lasts; the last one to
 * leave removes the users that tests made, and the folder itself.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const { livingOwner, ownName, withLock } = createRequire(import.meta.url)('./lock.cjs');

export const shared =
  process.env.MPKIT_TEST_SHARED || join(tmpdir(), `mpkit-tests-${process.getuid()}`);
const runs = join(shared, 'runs');
const users = join(shared, 'users');

export function enter() {
  withLock(shared, () => {
    mkdirSync(runs, { recursive: true });
    writeFileSync(join(runs, ownName()), '');
  });
}

export function leave() {
  const isLast = withLock(shared, () => {
    rmSync(join(runs, ownName()), { force: true });
    if (livingOwner(runs) !== undefined) return false;
    for (const name of namesIn(users)) removeUser(name);
    rmSync(runs, { recursive: true });
    for (const name of readdirSync(shared).filter((each) => each.startsWith('failed-')))
      rmSync(join(shared, name));
    return true;
  });
  if (isLast)
    for (const folder of [users, shared])
      try {
        rmdirSync(folder);
      } catch {
        // another run has begun, or a user could not be removed
      }
}

/** Lines that tell what the run of `folder` leaves for later ones, and how to remove it. */
export function whatStays(folder) {
  const lines = [];
  const packages = read(join(folder, 'packages')).split('\n').filter(Boolean);
  if (packages.length > 0)
    lines.push(`stays: installed packages; \`apt-get purge --autoremove ${packages.join(' ')}\``);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mpkit-test');
  if (existsSync(cache))
    lines.push(`stays: what tests fetched and built once; \`rm -r ${cache}\` removes it`);
  return lines.map((line) => `${line}\n`).join('');
}

function removeUser(name) {
  const { status, stderr } = spawnSync('userdel', [name], { encoding: 'utf8' });
  if (status !== 0 && status !== 6) {
    console.error(`stays: user \`${name}\`: ${stderr.trim()}`);
    return;
  }
  // userdel leaves the ranges of a user where it is built without them
  for (const file of ['/etc/subuid', '/etc/subgid']) {
    const text = read(file);
    const kept = text.replaceAll(new RegExp(`^${name}:.*\n`, 'gm'), '');
    if (kept !== text) writeFileSync(file, kept);
  }
  rmSync(join(users, name));
}

function namesIn(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
