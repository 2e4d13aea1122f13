import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { canary } from './canary.ts';
import { hostChanges, hostState, leftovers } from './host-state.ts';
import { requires } from './requires.ts';
import { forgetFirstTry } from './second-try.ts';
import { asUser, folderOf, testUser } from './users.ts';

const folders: string[] = [];

describe('canary', () => {
  const harms: [string, (folder: string) => void][] = [
    ['a changed byte', (folder) => appendFileSync(join(folder, 'secret'), 'x')],
    ['a changed mode', (folder) => chmodSync(join(folder, 'setuid'), 0o755)],
    ['one more hard link', (folder) => linkSync(join(folder, 'ptmx'), `${folder}-ptmx`)],
    ['a removed folder', (folder) => rmdirSync(join(folder, 'c'))],
  ];
  it.each(harms)('notices %s', (_, harm) => {
    const bird = canary();
    expect(bird.changes()).toEqual([]);
    harm(bird.folder);
    expect(bird.changes()).not.toEqual([]);
    bird.remove();
    rmSync(`${bird.folder}-ptmx`, { force: true });
  });
});

describe('the state of the host', () => {
  it('names a mount that stayed and one that went', () => {
    const before = hostState();
    const after = { ...before, mounts: [...before.mounts.slice(1), 'none /x tmpfs rw 0 0'] };
    expect(hostChanges(before)).toEqual([]);
    expect(hostChanges(before, after)).toEqual([`- ${before.mounts[0]}`, '+ none /x tmpfs rw 0 0']);
  });

  it('names a process that stayed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mpkit-left-'));
    const child = spawn('sleep', ['60'], { cwd: folder, env: { ...process.env, LEFT: '1' } });
    await once(child, 'spawn');
    expect(leftovers(folder)).toEqual([`${child.pid} sleep 60`]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(leftovers(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});

it('a second try finds the cache empty, once', ({ task }) => {
  const root = mkdtempSync(join(tmpdir(), 'mpkit-tries-'));
  folders.push(root);
  const record = join(root, 'cache/record.json');
  const leftAt = (tries: number) => {
    mkdirSync(join(root, 'cache'), { recursive: true });
    appendFileSync(record, '');
    const real = task.result!.retryCount ?? 0;
    task.result!.retryCount = tries;
    forgetFirstTry(root);
    task.result!.retryCount = real;
    return existsSync(record);
  };
  expect([0, 1, 1, 2].map(leftAt)).toEqual([true, false, true, false]);
});

const ranged = testUser('range');
const plain = testUser('plain');
afterAll(() => folders.forEach((each) => void rmSync(each, { recursive: true, force: true })));

describe('test users', () => {
  it.skipIf(!ranged.ok)(`one maps 65536 ids${ranged.why}`, () => {
    expect(mapIds(ranged)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/ 6553[56]$/m),
    });
  });

  it.skipIf(!plain.ok)(`one maps nothing but itself${plain.why}`, () => {
    expect(mapIds(plain).status).not.toBe(0);
  });

  it.skipIf(!plain.ok)(`are ordinary and own their folder${plain.why}`, () => {
    const folder = folderOf(plain);
    folders.push(folder);
    const script = 'id -u; touch mine && echo written; grep CapEff /proc/self/status';
    const [program, ...args] = asUser(plain, ['sh', '-c', script]) as [string, ...string[]];
    const { stdout } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
    expect(stdout.split('\n')).toEqual([
      `${plain.uid}`,
      'written',
      'CapEff:\t0000000000000000',
      '',
    ]);
  });
});

function mapIds(user: typeof ranged) {
  const [program, ...args] = asUser(user, [
    'unshare',
    '-U',
    '--map-auto',
    '-r',
    'cat',
    '/proc/self/uid_map',
  ]);
  return spawnSync(program as string, args, { cwd: '/', encoding: 'utf8' });
}

it('says which program it cannot have', () => {
  expect(requires('sh')).toEqual({ ok: true, why: '' });
  expect(requires('mpkit-no-such-program')).toEqual({
    ok: false,
    why: expect.stringMatching(/^ \(skipped: no `mpkit-no-such-program`: .+\)$/),
  });
});
