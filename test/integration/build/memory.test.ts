/** What a step may hold of memory, natively and emulated, and how long it may run. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastingLeftovers } from '../../helpers/host-state.ts';
import { clone } from '../../helpers/mpkit.ts';
import { testUser } from '../../helpers/users.ts';
import { errorText, workplace } from './workplace.ts';

const ranged = testUser('range');
const programs = mkdtempSync(join(tmpdir(), 'mpkit-test-'));
afterAll(() => rmSync(programs, { recursive: true }));
beforeAll(() => {
  chmodSync(programs, 0o755);
  const source = join(clone, 'test/fixtures/hold-memory.c');
  const out = join(programs, 'hold-memory');
  execFileSync('cc', ['-static', '-Wall', '-Wextra', '-Werror', '-O1', '-o', out, source]);
});

describe('as ourselves', () => suite(undefined));
describe.skipIf(!ranged.ok)(`as an ordinary user${ranged.why}`, () => suite(ranged));

function suite(user: typeof ranged | undefined) {
  if (user && !user.ok) return;
  const place = workplace(user);
  afterAll(async () => {
    expect(await lastingLeftovers(place.root)).toEqual([]);
    expect(readdirSync(join(place.root, 'tmp'))).toEqual([]);
    place.remove();
  });

  const fill = 'dd if=/dev/zero of=/dev/null bs=150M count=400';
  const most = ['--network', 'none', '--memory', '100m', '--platform'];

  it.each(['linux/amd64', 'linux/arm64', 'linux/arm/v7'])('--memory ends %s', async (platform) => {
    const dockerfile = `FROM base\nRUN ${fill}`;
    const built = await place.build({ dockerfile, args: [...most, platform] });
    expect(built.exitCode, built.stderr).toBe(1);
    expect(built.stderr).toContain('limits: each RUN 100m of memory');
    expect(errorText(built.stderr)).toContain(`\`${fill}\` used more than 100m of memory\n`);
    expect(errorText(built.stderr)).toContain('hint: `--memory SIZE` allows more, 0 any');
    const less = 'RUN dd if=/dev/zero of=/dev/null bs=50M count=4';
    const kept = await place.build({ dockerfile: `FROM base\n${less}`, args: [...most, platform] });
    expect(kept.exitCode, kept.stderr).toBe(0);
  });

  it('counts all processes of `run` together, and says so', async () => {
    const each = 'dd if=/dev/zero of=/dev/null bs=60M count=9999';
    const words = ['run', '--network', 'none', '-m', '100m', `oci-layout://${place.base}`];
    const ran = await place.mpkit([...words, '--', 'sh', '-c', `${each} & ${each} & wait`]);
    expect(ran.exitCode).toBe(137);
    expect(ran.stderr).toContain('mpkit: ended: it used more than 100m of memory');
  });

  it.each(['memfd', 'mapped', 'shm', 'segment'])(
    'counts %s that need no mapping, once',
    async (how) => {
      const run = (limit: string, seconds: string) =>
        place.mpkit([
          ...['run', '--network', 'none', '-m', limit, '-v', `${programs}:/tmp:ro`],
          ...[`oci-layout://${place.base}`, '--', '/tmp/hold-memory', how, '60', seconds],
        ]);
      const ended = await run('50m', '600');
      expect(ended.exitCode).toBe(137);
      expect(ended.stderr).toContain('mpkit: ended: it used more than 50m of memory');
      const kept = await run('100m', '2');
      expect(kept).toMatchObject({ exitCode: 0, stdout: 'holds it\n' });
    },
  );

  it("counts it for every user of the image, and nothing that is the caller's", async () => {
    const dockerfile = 'FROM base\nCOPY hold-memory /\nUSER 65534\nRUN /hold-memory memfd 60 600';
    const files = { context: 'held' };
    place.write({ 'held/x': '' });
    copyFileSync(join(programs, 'hold-memory'), join(place.folder, 'held/hold-memory'));
    const args = ['--network', 'none', '--memory', '50m'];
    const built = await place.build({ dockerfile, args, ...files });
    expect(errorText(built.stderr)).toContain('used more than 50m of memory');
    place.write({ 'volume/large': 'x'.repeat(70_000_000) });
    const words = [
      'run',
      '--network',
      'none',
      '-m',
      '50m',
      '-v',
      `${place.folder}/volume:/dev/shm`,
    ];
    const ran = await place.mpkit([...words, `oci-layout://${place.base}`, '--', 'sleep', '1']);
    expect(ran).toMatchObject({ exitCode: 0 });
  });

  it('--run-timeout ends an emulated RUN, and what it left in the background', async () => {
    const dockerfile = 'FROM base\nRUN (setsid sleep 903 &) ; sleep 902';
    const args = ['--network', 'none', '--run-timeout', '3', '--platform', 'linux/arm64'];
    const built = await place.build({ dockerfile, args });
    expect(built.exitCode).toBe(1);
    expect(built.stderr).toContain('limits: each RUN 3 s');
    expect(errorText(built.stderr)).toContain('did not end within 3 s');
    expect(await lastingLeftovers(place.root)).toEqual([]);
  });
}
