/** Row S19: a step reaches none of the abstract sockets outside, whatever its network. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepOutput } from '../build/workplace.ts';
import { asEach, onAmd64, tools } from './arena.ts';

describe.skipIf(!onAmd64.ok)(`on amd64${onAmd64.why}`, () => {
  const tool = tools('abstract');
  const address = `mpkit-test-${process.pid}`;
  let said = '';
  const calls = () => said.split('\n').filter((line) => line === 'called').length;
  let server: ChildProcess | undefined;
  beforeAll(async () => {
    const made = spawn(join(tool.folder, 'abstract'), ['serve', address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    server = made;
    await new Promise<void>((resolve) =>
      made.stdout.on('data', (bytes) => {
        said += bytes;
        resolve();
      }),
    );
  });
  afterAll(() => void server?.kill());

  asEach(['root', 'user with a range', 'user without a range'], (arena) => {
    it.each([
      ['default', ['--network', 'default']],
      ['host', ['--network', 'host']],
      ['none', ['--network', 'none']],
    ])('S19 RUN on the network `%s`', async (_, flags) => {
      const { stderr } = await arena().build({
        dockerfile: `FROM base
COPY --from=tools abstract /
RUN /abstract call ${address}; /abstract call ${address}
`,
        args: [...tool.args, ...flags, '--platform', 'linux/amd64,linux/arm64', '--no-cache'],
      });
      const answers = stepOutput(stderr);
      expect(answers, stderr).toHaveLength(4);
      expect(answers.filter((each) => !refusals.includes(each))).toEqual([]);
      expect(calls()).toBe(0);
    });

    it.each(['default', 'host'])('S19 mpkit run on the network `%s`', async (network) => {
      const { stdout, stderr } = await arena().mpkit([
        ...['run', '--offline', '--network', network, '-v', `${tool.folder}:/srv:ro`],
        ...[`oci-layout://${arena().base}`, '--', '/srv/abstract', 'call', address],
      ]);
      expect(refusals, stderr).toContain(stdout.trim());
      expect(calls()).toBe(0);
    });
  });

  it('the server answers who is outside', async () => {
    const { stdout } = spawnSync(join(tool.folder, 'abstract'), ['call', address]);
    expect(stdout.toString()).toBe('reached\n');
    await expect.poll(calls, { timeout: 20_000 }).toBe(1);
  });
});

/** Of Landlock, and of a network where nobody has that address. */
const refusals = ['EPERM', 'nobody'];
