/** Rows E1 to E3 and E5: what a step can do to the emulators, and with their help. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stepOutput } from '../build/workplace.ts';
import { type Arena, asEach, onAmd64, tools } from './arena.ts';

const arm64 = ['--platform', 'linux/arm64'];

describe.skipIf(!onAmd64.ok)(`on amd64${onAmd64.why}`, () => {
  const tool = tools('calls', 'writable');
  const native = [...arm64, ...tool.args];

  asEach(['root', 'user with a range', 'user without a range'], (arena) => {
    it('E1 no step reaches a handler, and the next emulated step works', async () => {
      const { stderr, exitCode } = await arena().build({
        dockerfile: `FROM base
COPY --from=tools writable calls /
RUN find / -xdev \\( -name register -o -name 'mpkit-*' \\) 2>/dev/null; \\
  find /proc /sys -path '/proc/[0-9]*' -prune -o \\( -name register -o -name 'mpkit-*' \\) -print 2>/dev/null; \\
  ls -A /proc/sys/fs/binfmt_misc; /writable /proc/sys /sys; \\
  mount -t binfmt_misc none /proc/sys/fs/binfmt_misc; mount -t binfmt_misc none /srv; \\
  echo ':x:M::x::/bin/sh:' > /proc/sys/fs/binfmt_misc/register; \\
  /calls | grep -E '^(amd64|i386) (mount|fsopen|unshare user|clone user|setns) ' | grep -v ' 1$'; echo end
RUN uname -m
`,
        args: native,
      });
      expect(exitCode, stderr).toBe(0);
      expect(stepOutput(stderr)).toEqual([
        'examined some',
        'mount: permission denied (are you root?)',
        'mount: permission denied (are you root?)',
        expect.stringMatching(/can't create .*register: (nonexistent|Permission denied)/),
        'end',
        'aarch64',
      ]);
    });
  });

  asEach(['root', 'user with a range'], (arena) => {
    it('E2 variables of the image reach no emulator, not that of a setuid program', async () => {
      const { stderr, exitCode, image } = await arena().build({
        dockerfile: `FROM base
RUN mkdir /suid && cp /bin/busybox /suid/busybox && chmod 4755 /suid/busybox && echo 'root::0:0:root:/root:/bin/sh' > /etc/passwd \\
  && echo 'nobody:x:65534:65534:nobody:/srv:/bin/sh' >> /etc/passwd
ENV QEMU_LOG=strace,exec QEMU_LOG_FILENAME=/root/x QEMU_GDB=1234 QEMU_STRACE=1 QEMU_CPU=none QEMU_LD_PREFIX=/srv
USER nobody
RUN id -u; /suid/busybox su -c 'id -u'
USER root
RUN ls -A /root /srv; env | grep '^QEMU_' | grep -v '^QEMU_CPU='; echo end
`,
        args: arm64,
      });
      expect(exitCode, stderr).toBe(0);
      expect(stepOutput(stderr)).toEqual(['65534', '0', '/root:', '', '/srv:', 'end']);
      expect(image().config.config.Env).toContain('QEMU_GDB=1234');
      const run = await arena().mpkit([
        ...['run', ...arm64, '-e', 'QEMU_GDB=1234', '-e', 'QEMU_STRACE=1'],
        ...[`oci-layout://${arena().base}`, '--', 'uname', '-m'],
      ]);
      expect(run).toMatchObject({ exitCode: 0, stdout: 'aarch64\n' });
      expect(run.stderr).not.toContain('uname(');
    });

    it('E3 no step can change the emulator that runs it', async () => {
      const { stderr, exitCode } = await arena().build({
        dockerfile: `FROM base
COPY --from=amd64 /bin/busybox /native/busybox
RUN sleep 999 & p=$!; sleep 0.2; for f in /proc/$p/exe /proc/$p/task/*/exe /proc/self/task/*/exe; do \\
  for tool in /native/busybox /bin/busybox; do \\
  $tool sh -c "echo changed > $f" 2>/dev/null && echo wrote $f; \\
  $tool sh -c ": >> $f" 2>/dev/null && echo opened $f; \\
  $tool dd if=/dev/zero of=$f bs=1 count=1 conv=notrunc 2>/dev/null && echo copied to $f; done; done; \\
  /native/busybox sha256sum /proc/$p/exe
RUN sleep 999 & /native/busybox sha256sum /proc/$!/exe
`,
        args: [...arm64, '--build-context', `amd64=${amd64Busybox(arena())}`],
      });
      expect(exitCode, stderr).toBe(0);
      const digests = stepOutput(stderr).map((line) => line.split(' ')[0]);
      expect(digests, stderr).toHaveLength(2);
      expect(new Set(digests).size).toBe(1);
      expect(emulatorDigests(arena())).toContain(digests[0]);
    });

    it("E5 a program's own content runs, whatever its name and its first word are", async () => {
      const { stderr, exitCode } = await arena().build({
        dockerfile: `FROM base
COPY --from=probe arm64 /probe
RUN rm /bin/tar && printf '#!/bin/sh\\necho MINE "$@"\\n' > /bin/tar && chmod 755 /bin/tar
RUN /bin/tar --help; /bin/tar --version; /bin/tar -x; (exec -a --help /bin/tar y)
RUN rm /bin/gzip; cp /probe /bin/gzip; for name in --help -version -g mpkit-probe; do (exec -a $name /bin/gzip /bin/gzip); done; true
RUN ["tar", "-0", "x"]
`,
        args: [...arm64, '--build-context', `probe=${probes}`],
      });
      expect(exitCode, stderr).toBe(0);
      const shown = stepOutput(stderr);
      const mine = ['MINE --help', 'MINE --version', 'MINE -x', 'MINE y'];
      expect(shown.slice(0, 4)).toEqual(mine);
      expect(shown.slice(4, 8).map((line) => /machine=\w+ argv0=\w+/.exec(line)?.[0])).toEqual([
        ...Array(3).fill('machine=aarch64 argv0=fail'),
        'machine=aarch64 argv0=ok',
      ]);
      expect(shown.at(-1)).toBe('MINE -0 x');
    });
  });
});

const probes = join(import.meta.dirname, '../../../native/probe/bin');

/** A folder with the base's busybox for this CPU. */
function amd64Busybox({ folder, base }: Arena): string {
  const blobs = join(base, 'blobs/sha256');
  const target = join(folder, 'busybox');
  const script = `mkdir -p "$0" && for f in *; do tar -xOf $f bin/busybox > "$0/try" 2>/dev/null && \
    [ -s "$0/try" ] && head -c 20 "$0/try" | od -An -tx1 -j18 -N2 | grep -q '3e 00' && mkdir -p "$0/bin" && \
    cp "$0/try" "$0/bin/busybox" && chmod 755 "$0/bin/busybox"; done; rm -f "$0/try"; test -f "$0/bin/busybox"`;
  execFileSync('sh', ['-c', script, target], { cwd: blobs });
  return target;
}

function emulatorDigests({ root }: Arena): string[] {
  const folder = join(root, 'emulators/sha256');
  const programs = readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
  return programs.map((name) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex'),
  );
}
