/** Rows S7, S9 to S11 and E4: what the kernel answers to a step, on every ABI that it runs. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { nativeCpus } from '../../helpers/native-cpus.ts';
import { requires } from '../../helpers/requires.ts';
import { stepOutput } from '../build/workplace.ts';
import { asEach, onAmd64, tools } from './arena.ts';

/** Where the kernel runs 32-bit programs, all that they can call is tried, too. */
const hasI386 = nativeCpus().includes('386');
const leastLines = hasI386 ? 190 : 125;
const pty = requires('script', 'bash');

describe.skipIf(!onAmd64.ok)(`on amd64${onAmd64.why}`, () => {
  const tool = tools('calls', 'writable', 'type', 'keyring');

  asEach(['root', 'user with a range', 'user without a range'], (arena) => {
    it('S7 no step can open a file of the kernel for writing, or uncover one', async () => {
      const { stderr } = await arena().build({
        dockerfile: `FROM base
COPY --from=tools writable /
RUN ls /proc/sys/kernel/core_pattern /proc/sys/vm/drop_caches
RUN /writable /proc /sys
RUN for m in $(cut -d' ' -f2 /proc/mounts); do umount $m 2>/dev/null && echo unmounted $m; \\
  umount -l $m 2>/dev/null && echo unmounted $m; \\
  mount -o remount,rw $m 2>/dev/null && echo remounted $m; done; \\
  mount -t proc proc /srv 2>/dev/null && echo mounted; \\
  mount --bind / /srv 2>/dev/null && echo bound; echo $? tried
`,
        args: tool.args,
      });
      expect(stepOutput(stderr), stderr).toEqual([
        '/proc/sys/kernel/core_pattern',
        '/proc/sys/vm/drop_caches',
        'examined some',
        '1 tried',
      ]);
    });

    it('S10, S21 withheld calls are answered by EPERM, unknown ones by ENOSYS, on each ABI', async () => {
      const { stderr } = await arena().build({
        dockerfile: 'FROM base\nCOPY --from=tools calls /\nRUN /calls\nRUN sh -c "ls | wc -l"\n',
        args: tool.args,
      });
      const lines = stepOutput(stderr);
      expect(lines.length, stderr).toBeGreaterThan(leastLines);
      expect(lines.filter(isUnexpected)).toEqual([]);
    });
  });

  asEach(['root', 'user with a range'], (arena) => {
    it('E4 native programs in a foreign image meet the same filter', async () => {
      const { stderr, exitCode } = await arena().build({
        dockerfile: `FROM base
COPY --from=tools calls writable /
RUN uname -m; /calls; /writable /proc /sys
`,
        args: [...tool.args, '--platform', 'linux/arm64'],
      });
      expect(exitCode, stderr).toBe(0);
      const [machine, ...lines] = stepOutput(stderr);
      expect([machine, lines.at(-1)]).toEqual(['aarch64', 'examined some']);
      expect(lines.length).toBeGreaterThan(leastLines);
      expect(lines.slice(0, -1).filter(isUnexpected)).toEqual([]);
    });

    it.skipIf(!pty.ok)(`S9 no step can type into the caller's terminal${pty.why}`, async () => {
      const { base } = arena();
      const mpkit = join(clone, 'bin/mpkit');
      arena().write({
        'type/Dockerfile': 'FROM base\nCOPY --from=tools type /\nRUN /type\n',
        'type/go': `${mpkit} build --progress plain --no-cache --build-context base=oci-layout://${base} ${tool.args.join(' ')} type
${mpkit} run -v ${tool.folder}:/srv:ro oci-layout://${base} -- /srv/type
sleep 0.3; read -t 0.3 typed; echo; echo "read:[$typed]"
`,
      });
      const { stdout } = await arena().run(['script', '-qec', 'bash type/go', '/dev/null']);
      const lines = stdout.replaceAll('\r', '').split('\n');
      const attempts = lines.flatMap(
        (line) => line.match(/(stdin|stdout|stderr|tty) 0x\w+ \d+$/)?.[0] ?? [],
      );
      expect(attempts.length, stdout).toBeGreaterThanOrEqual(12 + 16);
      expect(attempts.filter((line) => !line.endsWith(' 1'))).toEqual([]);
      expect(stdout).toContain('tty absent ENXIO');
      expect(lines, stdout).toContain('read:[]');
      expect(stdout).not.toContain('TYPED');
    });

    it("S11 no step sees a key of the caller's", async () => {
      const holder = [join(tool.folder, 'keyring'), 'mpkit-canary', arena().canary.secret];
      const held = await arena().run([...holder, 'cat', '/proc/keys']);
      expect(held.stdout, held.stderr).toContain('mpkit-canary');
      arena().write({
        'keys/Dockerfile': `FROM base
COPY --from=tools calls /
RUN cat /proc/keys; cat /proc/key-users; /calls | grep -E 'keyctl|_key'
`,
      });
      const words = ['--build-context', `base=oci-layout://${arena().base}`, ...tool.args, 'keys'];
      const command = [...holder, join(clone, 'bin/mpkit'), 'build', '--no-cache', ...words];
      const { stderr } = await arena().run(command);
      expect(
        stepOutput(stderr).filter((line) => !/^ +\d+: /.test(line)),
        stderr,
      ).toEqual([
        ...['keyctl', 'add_key', 'request_key'].map((call) => `amd64 ${call} 1`),
        ...['keyctl', 'add_key', 'request_key'].flatMap((call) =>
          hasI386 ? `i386 ${call} 1` : [],
        ),
        ...['keyctl', 'add_key', 'request_key'].map((call) => `x32 ${call} 38`),
      ]);
      expect(stderr).not.toContain('mpkit-canary');
    });
  });
});

/** A line of the program `calls` that is not what the filter has to answer. */
function isUnexpected(line: string): boolean {
  const match = /^(amd64|i386|x32) (.+) (\d+)$/.exec(line);
  if (!match) return !/^\d+$/.test(line);
  const [, abi, call = '', error] = match;
  if (call.startsWith('permitted')) return error !== '0';
  const unknown = abi === 'x32' || /^(clone3|io_uring_\w+|number \d+)$/.test(call);
  return error !== (unknown ? '38' : '1');
}
