/** Homes in which no state folder can be made: each failure ends, and names the way out. */
import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { clone, project } from '../../helpers/mpkit.ts';
import { requires } from '../../helpers/requires.ts';
import { slowly } from '../../helpers/speed.ts';
import { testUser } from '../../helpers/users.ts';

const root = process.getuid?.() === 0;
const need = requires('setpriv', 'unshare', 'timeout');
const own = { MPKIT_ROOT: undefined, XDG_DATA_HOME: undefined };
const named = /^mpkit: .*\nhint: .*`--root`.*$/m;
/** What hangs in a system call of Node's heeds no signal but this one. */
const bounded = ['timeout', '-s', 'KILL', String(slowly(60_000) / 1000)];
const program = join(clone, 'bin/mpkit');

describe.each(['plain', 'range'] as const)('for a user (%s)', (kind) => {
  const user = testUser(kind);
  const place = project({}, user.ok ? user : undefined);
  afterAll(() => place.remove());
  const mpkit = (words: string[], env: Record<string, string | undefined>) =>
    place.run([...bounded, program, ...words], { env: { ...own, ...env } });

  it.skipIf(!user.ok).each(['/proc', '/sys', '/dev/null'])(
    `HOME=%s names --root${user.why}`,
    async (HOME) => {
      const listed = await mpkit(['history', 'ls'], { HOME });
      expect(listed.stderr).toMatch(named);
      expect([1, 2]).toContain(listed.exitCode);
      const judged = await mpkit(['doctor'], { HOME });
      expect(judged.stdout, judged.stderr).toMatch(/Choose another state folder with `--root`/);
      expect([1, 3]).toContain(judged.exitCode);
    },
  );

  it.skipIf(!user.ok)(`a home that may only be read names --root${user.why}`, async () => {
    const home = join(place.folder, '../home');
    chmodSync(home, 0o555);
    if (root) chownSync(home, 0, 0);
    const { exitCode, stderr } = await mpkit(['history', 'ls'], { HOME: home });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(named) });
  });

  it.skipIf(!user.ok || !need.ok)(`root of one id names --root${user.why}`, async () => {
    // what is /var/lib/mpkit for it belongs to somebody else, or cannot be made
    const words = ['unshare', '-Urm', ...bounded, program];
    const listed = await place.run([...words, 'history', 'ls'], { env: own });
    expect(listed.exitCode).toBe(1);
    expect(listed.stderr).toMatch(named);
    const judged = await place.run([...words, 'doctor'], { env: own });
    expect(judged.stdout, judged.stderr).toMatch(/Choose another state folder with `--root`/);
  });
});

const nameless = project();
afterAll(() => nameless.remove());

describe.skipIf(!root || !need.ok)('a user without a name', () => {
  const nobody = ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups', ...bounded];
  const told = async (words: string[], env: Record<string, string | undefined>) => {
    const { exitCode, stderr } = await nameless.run([...nobody, program, ...words], {
      env: { ...own, ...env },
    });
    expect(stderr).toMatch(/^mpkit: no home folder is known for user 54321.*\nhint: .*`--root`/);
    expect(exitCode).toBe(2);
  };

  it.each(['doctor', 'history ls', 'emulator ls'])(
    'and without HOME is told of both by %s',
    (verb) => told(verb.split(' '), { HOME: undefined }),
  );

  it.each([
    { HOME: '' },
    { HOME: 'relative' },
    { HOME: undefined, XDG_DATA_HOME: '' },
    { HOME: undefined, XDG_DATA_HOME: './relative' },
  ])('gets nothing in the working folder by %j', async (env) => {
    chmodSync(nameless.folder, 0o777);
    await told(['history', 'ls'], env);
    expect(readdirSync(nameless.folder)).toEqual([]);
  });
});
