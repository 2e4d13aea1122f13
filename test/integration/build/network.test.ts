/** The network of steps: their own where pasta can work, a loopback and a way out where it cannot. */
import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastingLeftovers } from '../../helpers/host-state.ts';
import { tunOfOurOwn, withTun } from '../../helpers/tun.ts';
import { testUser } from '../../helpers/users.ts';
import { errorText, stepOutput, type Workplace, workplace } from './workplace.ts';

const ranged = testUser('range');
const made: Workplace[] = [];
let server: Server;
let port = 0;
beforeAll(async () => {
  server = createServer((socket) => void socket.end('of the host\n'));
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  port = typeof address === 'object' && address ? address.port : 0;
});
afterAll(() => {
  server.close();
  for (const each of made) each.remove();
});

describe('as ourselves', () => suite(undefined));
describe.skipIf(!ranged.ok)(`as an ordinary user${ranged.why}`, () => suite(ranged));

function suite(user: typeof ranged | undefined) {
  if (user && !user.ok) return;
  const place = workplace(user);
  made.push(place);
  const open = (command: string[]) => withTun('666', command);
  const closed = (command: string[]) => withTun('600', command);
  const missing = (command: string[]) => withTun('missing', command);
  const both = ['--platform', 'linux/amd64,linux/arm64', '--no-cache'];

  describe.skipIf(!tunOfOurOwn.ok)(`with pasta${tunOfOurOwn.why}`, () => {
    it('gives each step ports of its own, low ones too, a loopback and an interface', async () => {
      const { exitCode, stderr } = await place.build(
        {
          dockerfile: `FROM base
RUN (echo heard | nc -l -p 80 >/dev/null &); sleep 2; nc 127.0.0.1 80 </dev/null
RUN ping -c 1 127.0.0.1 | grep -c '1 packets received'
RUN nc -w 2 127.0.0.1 ${port} </dev/null 2>/dev/null || echo alone
RUN tail -n +3 /proc/net/dev | grep -vc ' lo:'
`,
          args: both,
        },
        { wrap: open },
      );
      expect(exitCode, stderr).toBe(0);
      expect(stderr).toContain('=> network of steps: their own, by pasta\n');
      const expected = ['heard', '1', 'alone', '1'].flatMap((line) => [line, line]);
      expect(stepOutput(stderr).sort()).toEqual(expected.sort());
      expect(await lastingLeftovers(place.root)).toEqual([]);
    });

    it('names what is missing when a step fails, and what to type', async () => {
      const { exitCode, stderr } = await place.build(
        { dockerfile: 'FROM base\nRUN wget -q http://example.invalid/\n' },
        { wrap: missing },
      );
      expect(exitCode).toBe(1);
      expect(stderr).toContain('=> network of steps: a loopback only; /dev/net/tun is missing');
      expect(errorText(stderr)).toMatch(/modprobe tun.*`--network host` shares the host's/);
    });

    it.each([
      ['an address', 'nc -w 2 192.0.2.1 80'],
      ['a name', 'nslookup example.invalid'],
    ])('also where it looked for %s', async (_, command) => {
      const { exitCode, stderr } = await place.build(
        { dockerfile: `FROM base\nRUN ${command} </dev/null\n` },
        { wrap: missing },
      );
      expect(exitCode).toBe(1);
      expect(errorText(stderr)).toContain("`--network host` shares the host's");
    });

    it('names it for no step that looked for nothing beyond its loopback', async () => {
      for (const command of ['exit 1', 'nc -w 2 127.0.0.1 80', '/etc/passwd', 'kill -9 $$']) {
        const { exitCode, stderr } = await place.build(
          { dockerfile: `FROM base\nRUN ${command} </dev/null\n` },
          { wrap: missing },
        );
        expect(exitCode).toBe(1);
        expect(errorText(stderr), command).not.toContain('network');
      }
    });

    it('mpkit run says the same, once its command failed', async () => {
      const words = ['run', '--offline', `oci-layout://${place.base}`, '--', 'sh', '-c'];
      const search = 'nc -w 2 192.0.2.1 80 2>/dev/null';
      const failed = await place.mpkit([...words, `${search} || exit 3`], { wrap: missing });
      expect([failed.exitCode, errorText(failed.stderr)]).toEqual([
        3,
        expect.stringMatching(/^mpkit: note: .*`--network host` shares the host's\n$/),
      ]);
      for (const [command, status] of [['exit 3', 3] as const, [`${search} || true`, 0] as const]) {
        const other = await place.mpkit([...words, command], { wrap: missing });
        expect([other.exitCode, errorText(other.stderr)]).toEqual([status, '']);
      }
    });

    // root's builder has other ids, to which the program is out of reach
    if (user || process.getuid?.() !== 0)
      it('that comes when the step is being stopped changes nothing of how it ends', async () => {
        // stops the build, and says soon afterwards that all is set up
        place.write({
          'bin/pasta': `#!/bin/sh
kill -INT $PPID
sleep 0.0$DELAY
`,
        });
        chmodSync(join(place.folder, 'bin/pasta'), 0o755);
        const path = `PATH=${place.folder}/bin:${process.env.PATH}`;
        for (const delay of [0, 1, 2, 3, 4, 5, 6]) {
          const { exitCode, stderr } = await place.build(
            { dockerfile: 'FROM base\nRUN true\n', args: ['--no-cache'] },
            { wrap: (command) => open(['env', path, `DELAY=${delay}`, ...command]) },
          );
          expect(exitCode, stderr).toBe(130);
          expect(errorText(stderr)).toBe('mpkit: stopped; finished steps are kept\n');
        }
      });

    const closedTo = user ? 'an ordinary user may not open is said' : 'only root may open is lent';
    it(`a device that ${closedTo}`, async () => {
      const { exitCode, stderr } = await place.build(
        { dockerfile: 'FROM base\nRUN tail -n +3 /proc/net/dev | wc -l\n', args: ['--no-cache'] },
        { wrap: closed },
      );
      expect(exitCode, stderr).toBe(0);
      expect(stepOutput(stderr)).toEqual([user ? '1' : '2']);
      const said = user ? 'a loopback only; `pasta` may not open' : 'their own, by pasta';
      expect(stderr).toContain(`=> network of steps: ${said}`);
    });
  });

  it('without any, ports do not collide and the host is not reached', async () => {
    const { exitCode, stderr } = await place.build({
      dockerfile: `FROM base
RUN (echo heard | nc -l -p 80 >/dev/null &); sleep 2; nc 127.0.0.1 80 </dev/null
RUN nc -w 2 127.0.0.1 ${port} </dev/null 2>/dev/null || echo alone
`,
      args: [...both, '--network', 'none'],
    });
    expect(exitCode, stderr).toBe(0);
    expect(stepOutput(stderr).sort()).toEqual(['alone', 'alone', 'heard', 'heard']);
  });

  it("--network host is the host's", async () => {
    const { stderr } = await place.build({
      dockerfile: `FROM base\nRUN nc -w 5 127.0.0.1 ${port} </dev/null\n`,
      args: ['--no-cache', '--network', 'host'],
    });
    expect(stepOutput(stderr), stderr).toEqual(['of the host']);
  });
}
