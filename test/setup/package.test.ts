import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { slowly } from '../helpers/speed.ts';
import { asUser, testUser } from '../helpers/users.ts';
import { type Copy, freshCopy } from './copy.ts';

const ping = spawnSync('npm', ['view', 'koffi', 'name', '--fetch-retries=0'], {
  timeout: slowly(30_000),
});
const online = ping.status === 0;
const why = online ? '' : ' (skipped: the package registry cannot be reached)';

const copies: Copy[] = [];
function copyWith(dependencies: 'linked' | 'missing'): Copy {
  const copy = freshCopy(dependencies);
  copies.push(copy);
  return copy;
}
afterAll(() => copies.forEach((copy) => void copy.remove()));

it.skipIf(!online)(`a clone without node_modules fetches them once${why}`, async () => {
  const copy = copyWith('missing');
  const [one, two] = await Promise.all([copy.start(), copy.start()]);
  expect([one.exitCode, two.exitCode], one.stderr + two.stderr).toEqual([0, 0]);
  expect((one.stderr + two.stderr).split('npm ci').length - 1).toBe(1);
  expect(readdirSync(join(copy.folder, 'build')).sort()).toEqual(['native', 'stamp.json']);
  const again = await copy.start();
  expect({ exitCode: again.exitCode, stderr: again.stderr }).toEqual({ exitCode: 0, stderr: '' });
  // the same packages under a newer lock file need no second download
  await copy.run(['touch', 'package-lock.json']);
  expect((await copy.start()).stderr).toBe('mpkit: bundling\n');
});

const user = testUser('plain');

it.skipIf(!online || !user.ok)(
  `an installed package runs for everybody${why || user.why}`,
  async () => {
    const copy = copyWith('linked');
    const [tools, prefix, userHome] = ['tools', 'prefix', 'user'].map((name) =>
      join(copy.home, name),
    );
    for (const folder of [tools, prefix, userHome]) mkdirSync(folder as string);
    chmodSync(userHome as string, 0o777);

    const pack = await copy.run(['npm', 'pack', '--silent', '--pack-destination', tools as string]);
    expect(pack.exitCode, pack.stderr).toBe(0);
    const archive = join(tools as string, pack.stdout.trim().split('\n').at(-1) as string);
    const install = [
      'npm',
      'install',
      '--global',
      '--prefer-offline',
      '--prefix',
      prefix as string,
    ];
    const installed = await copy.run([...install, archive]);
    expect(installed.exitCode, installed.stderr).toBe(0);

    const program = join(prefix as string, 'bin/mpkit');
    const command = asUser(user, [program, '--version']);
    const env = { HOME: userHome as string };
    const first = await copy.run(command, { env });
    expect(first.exitCode, first.stderr).toBe(0);
    expect(first.stdout).not.toBe('');
    // whoever may not write into the package compiles for himself
    const ownFolder =
      process.getuid?.() === 0 ? join(userHome as string, '.cache/mpkit') : undefined;
    expect(first.stderr).toBe('mpkit: compiling the sandbox\n');
    if (ownFolder)
      expect(readdirSync(ownFolder)).toEqual([expect.stringMatching(/^build-[0-9.]+-\w{16}$/)]);
    const second = await copy.run(command, { env });
    expect({ exitCode: second.exitCode, stderr: second.stderr }).toEqual({
      exitCode: 0,
      stderr: '',
    });

    for (const HOME of ['/nonexistent', '/proc']) {
      const homeless = await copy.run(command, { env: { HOME } });
      expect({ exitCode: homeless.exitCode, stderr: homeless.stderr }).toEqual(
        process.getuid?.() === 0
          ? {
              exitCode: 3,
              stderr: expect.stringMatching(
                /^mpkit: set-up may not write .*; set XDG_CACHE_HOME .*\n$/,
              ),
            }
          : { exitCode: 0, stderr: '' },
      );
    }
  },
);
