import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { withLock } from '../../src/emulator/lock.ts';

let folder: string;
let path: string;
let holder: ChildProcess | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mpkit-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => void holder?.kill('SIGKILL'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Another process; it lets go when it is killed. */
async function hold(): Promise<ChildProcess> {
  const words = ['-x', path, 'sh', '-c', 'echo held; exec sleep 100'];
  holder = spawn('flock', ['--no-fork', ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout!, 'data');
  return holder;
}

it('is waited for until its holder ends', async () => {
  const other = await hold();
  const order: string[] = [];
  const waiting = withLock(path, { how: 'exclusive', onWait: () => order.push('wait') }, async () =>
    order.push('held'),
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  order.push('ended');
  other.kill('SIGKILL');
  await waiting;
  expect(order).toEqual(['wait', 'ended', 'held']);
});

it('uses no processor while it waits, and leaves no process when it is stopped', async () => {
  await hold();
  const stop = new AbortController();
  const waiting = withLock(path, { how: 'shared', signal: stop.signal }, async () => {});
  await new Promise((resolve) => setTimeout(resolve, 500));
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
  const waiter = children
    .split(' ')
    .filter(Boolean)
    .find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0lock\0shared\0'));
  expect(waiter).toBeDefined();
  // ticks of user and kernel time
  const stat = readFileSync(`/proc/${waiter}/stat`, 'utf8').split(' ');
  expect(Number(stat[13]) + Number(stat[14])).toBeLessThanOrEqual(1);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
  expect(() => readFileSync(`/proc/${waiter}/cmdline`)).toThrow('ENOENT');
});

it('says who is in the way when its time is over', async () => {
  await hold();
  const waiting = withLock(path, { how: 'exclusive', timeout: 100 }, async () => {});
  await expect(waiting).rejects.toMatchObject({
    code: 'io',
    message: `another process holds the lock \`${path}\``,
  });
});

it('is held by one at a time, and is gone with the last', async () => {
  const transient = join(folder, 'transient');
  let holders = 0;
  let turns = 0;
  const action = async () => {
    expect(++holders).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    holders--;
    turns++;
  };
  const options = { how: 'exclusive', isTransient: true } as const;
  await Promise.all(Array.from({ length: 20 }, () => withLock(transient, options, action)));
  await expect(
    withLock(transient, options, () => Promise.reject(new Error('failed'))),
  ).rejects.toThrow('failed');
  expect(turns).toBe(20);
  expect(readdirSync(folder)).not.toContain('transient');
});
