/** A build that is told to end while it reads, copies or packs a large file ends at once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { lastingLeftovers } from '../../helpers/host-state.ts';
import { clone, project } from '../../helpers/mpkit.ts';
import { slowly } from '../../helpers/speed.ts';

const place = project({ 'context/Dockerfile': 'FROM scratch\nCOPY large /large\n' });
afterAll(() => place.remove());

const signals = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;
/** Milliseconds after the start, by turns: reading comes first, then copying, then packing. */
const moments = [150, 200, 250, 300, 350, 400, 500, 600, 700, 800, 250, 450, 900, 1200];

it.each(Object.entries(signals))('%s ends it within three seconds', async (signal, status) => {
  const file = join(place.folder, 'context/large');
  writeFileSync(file, '');
  for (const [at, moment] of moments.entries()) {
    // the smaller one is read and copied by then
    truncateSync(file, at % 2 === 0 ? 6e9 : 4e8);
    const { exitCode, milliseconds } = await ended(signal as keyof typeof signals, moment);
    expect({ moment, exitCode: exitCode === 0 ? status : exitCode }).toEqual({
      moment,
      exitCode: status,
    });
    expect(milliseconds, `after ${moment} ms`).toBeLessThan(slowly(3000));
    const temporary = join(place.root, 'tmp');
    if (existsSync(temporary)) expect(readdirSync(temporary)).toEqual([]);
  }
  expect(await lastingLeftovers(place.root)).toEqual([]);
});

async function ended(signal: keyof typeof signals, moment: number) {
  const words = ['build', '--no-cache', '--platform', 'linux/amd64,linux/arm64', 'context'];
  const child = spawn(join(clone, 'bin/mpkit'), words, {
    cwd: place.folder,
    env: { ...process.env, MPKIT_ROOT: place.root, HOME: place.folder },
    stdio: 'ignore',
  });
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  await Promise.race([sleep(moment), closed]);
  const start = performance.now();
  child.kill(signal);
  const [code] = await closed;
  // one that listens to no signal yet is ended by it
  return { exitCode: code ?? signals[signal], milliseconds: performance.now() - start };
}
