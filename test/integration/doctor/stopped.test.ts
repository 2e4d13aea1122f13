/** A doctor that is ended half way gives no verdict, and leaves nothing. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { emulatorState } from '../../helpers/fixtures.ts';
import { lastingLeftovers } from '../../helpers/host-state.ts';
import { clone, project } from '../../helpers/mpkit.ts';

const place = project();
emulatorState(place);
afterAll(() => place.remove());

it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s while it tries', async (signal) => {
  const temporary = join(place.root, 'tmp');
  const names = () => (existsSync(temporary) ? readdirSync(temporary) : []);
  const child = spawn(join(clone, 'bin/mpkit'), ['doctor', '--json', '--thorough'], {
    cwd: place.folder,
    env: { ...process.env, MPKIT_ROOT: place.root },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (bytes) => {
    said += bytes;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  while (names().length === 0 && child.exitCode === null) await sleep(5);
  child.kill(signal);
  expect(await ended).toBe(128 + constants.signals[signal]);
  expect(said).toBe('');
  expect(names()).toEqual([]);
  expect(await lastingLeftovers(place.root)).toEqual([]);
});
