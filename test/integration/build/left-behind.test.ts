/** Builds that are killed while they store or write: the next one leaves nothing of them. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { readImage, type Workplace, workplace } from './workplace.ts';

let place: Workplace;
afterAll(() => void place?.remove());

it.each(['tar=true', 'tar=false'])(
  'half-written results and blobs, %s',
  async (form) => {
    place ??= workplace();
    const dockerfile = 'FROM base\nRUN dd if=/dev/urandom of=/big bs=1M count=60 2>/dev/null\n';
    place.write({ 'context/Dockerfile': dockerfile, 'results/keep': '' });
    const dest = join(place.folder, 'results/out');
    const output = ['-o', `type=oci,dest=${dest},${form}`];
    const words = ['build', '--build-context', `base=oci-layout://${place.base}`];
    const environment = { ...process.env, MPKIT_ROOT: place.root, HOME: place.folder };
    let found = 0;
    for (let moment = 0; moment < 10; moment++) {
      const fresh = moment % 2 === 0 ? ['--no-cache'] : [];
      const child = spawn(join(clone, 'bin/mpkit'), [...words, ...fresh, ...output, 'context'], {
        cwd: place.folder,
        env: environment,
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.once('close', resolve));
      const begun = Date.now();
      // while it writes its result, or what goes into it
      const isWriting = () => leftBehind().length > 0 || Date.now() - begun > 8000;
      while (child.exitCode === null && !isWriting()) await sleep(5);
      await sleep(moment * 10);
      child.kill('SIGKILL');
      await ended;
      found += leftBehind().length;
    }
    expect(found).toBeGreaterThan(0);
    const last = await place.mpkit([...words, ...output, 'context']);
    expect(last.exitCode, last.stderr).toBe(0);
    expect(leftBehind()).toEqual([]);
    expect(readdirSync(join(place.folder, 'results')).sort()).toEqual(['keep', 'out']);
    expect(readdirSync(join(place.root, 'tmp'))).toEqual([]);
    expect(readdirSync(join(place.root, 'blobs'))).toEqual(['sha256']);
    if (form === 'tar=false') expect(readImage(dest).manifest.layers.length).toBeGreaterThan(1);
    await place.mpkit(['prune']);
    const { rmSync } = await import('node:fs');
    rmSync(dest, { recursive: true });

    function leftBehind(): string[] {
      return readdirSync(join(place.folder, 'results')).filter((name) => name.includes('.mpkit-'));
    }
  },
  240_000,
);
