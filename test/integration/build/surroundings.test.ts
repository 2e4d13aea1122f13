/** What surrounds a build must not change it: umask, readers that leave, folders that go. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { slowly } from '../../helpers/speed.ts';
import { testUser } from '../../helpers/users.ts';
import { errorText, workplace } from './workplace.ts';

const mpkit = join(clone, 'bin/mpkit');
const place = workplace();
const ranged = testUser('range');
const other = ranged.ok && process.getuid?.() === 0;
const own = ranged.ok ? workplace(ranged) : undefined;
afterAll(() => {
  place.remove();
  own?.remove();
});
const shell = (script: string, ...words: string[]) =>
  place.run(['sh', '-c', script, 'sh', mpkit, ...words]);

describe('a build', () => {
  it('does not depend on the umask, its output does', async () => {
    place.write({
      'mask/Dockerfile': 'FROM base\nRUN stat -c %a / > /m; mkdir /d\nUSER nobody\nRUN id\n',
    });
    const build = (mask: string) => [
      ...['build', '--no-cache', '-q', '--build-context', `base=oci-layout://${place.base}`],
      ...['-o', `type=oci,dest=mask-${mask}.tar`, 'mask'],
    ];
    const strict = await shell('umask 077; exec "$@"', ...build('077'));
    const usual = await shell('umask 022; exec "$@"', ...build('022'));
    expect(strict.exitCode, strict.stderr).toBe(0);
    expect(strict.stdout).toBe(usual.stdout);
    expect(statSync(join(place.folder, 'mask-077.tar')).mode & 0o777).toBe(0o600);
    expect(statSync(join(place.folder, 'mask-022.tar')).mode & 0o777).toBe(0o644);
  });

  it('is not pruned away while it runs', async () => {
    const pause = `sleep 999.${process.pid}`;
    const building = place.build({
      dockerfile: `FROM base\nRUN echo 1 > /1; ${pause}; true\nRUN cat /1\n`,
    });
    await expect.poll(() => pidOf(pause), { timeout: slowly(30_000) }).toBeDefined();
    const pruned = await place.mpkit(['prune']);
    process.kill(pidOf(pause)!);
    expect(pruned.exitCode).toBe(1);
    expect(errorText(pruned.stderr)).toContain('another mpkit is using the state folder');
    const built = await building;
    expect(built.exitCode, built.stderr).toBe(0);
    expect((await place.mpkit(['prune'])).stdout).toMatch(/^freed \d+\.\d MB\n$/);
  });

  it.skipIf(!other)(
    `names a file that it may not read${ranged.why || (other ? '' : ' (skipped: needs root to make one)')}`,
    async () => {
      own!.write({ 'secret/x': 'x' });
      // somebody else's: root's, as the tests run as root where there is such a user
      writeFileSync(join(own!.folder, 'secret/s'), 's', { mode: 0o600 });
      const built = await own!.build({ dockerfile: 'FROM base\nCOPY . /\n', context: 'secret' });
      expect(built.exitCode).toBe(1);
      expect(errorText(built.stderr)).toMatch(
        /cannot read `\/?s`: EACCES[\s\S]*hint: make it readable/,
      );
    },
  );
});

/** The process with exactly these words. */
function pidOf(words: string): number | undefined {
  const found = readdirSync('/proc').find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `${words.replaceAll(' ', '\0')}\0`;
    } catch {
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}

describe('any verb', () => {
  it('ends quietly when its reader leaves', async () => {
    const result = await shell('"$@" | true', 'emulator', 'ls');
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('says that stdout is full', async () => {
    const result = await shell('exec "$@" > /dev/full', '--help');
    expect(result).toMatchObject({
      exitCode: 1,
      stderr: 'mpkit: cannot write to stdout: ENOSPC\n',
    });
  });

  it('works in a folder that was deleted', async () => {
    const result = await shell(
      'mkdir gone && cd gone && rmdir ../gone && exec "$@"',
      'emulator',
      'ls',
    );
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stdout).toContain('ARCHITECTURE');
  });
});
