/** Rows S1 to S4: how a step is made, for images and callers that want it made wrong. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { stepOutput } from '../build/workplace.ts';
import { asEach } from './arena.ts';
import { hostileBase } from './hostile-base.ts';

asEach(['root', 'user with a range', 'user without a range'], (arena) => {
  it('S1 no step has a descriptor of the caller, and no working folder leads to one', async () => {
    const { base, canary } = arena();
    const build = (context: string, dockerfile: string) => {
      arena().write({ [`${context}/Dockerfile`]: dockerfile });
      const words = ['build', '--no-cache', '--build-context', `base=oci-layout://${base}`];
      const withFd = ['sh', '-c', 'exec 7<"$0"; exec "$@"', canary.folder];
      return arena().run([...withFd, join(clone, 'bin/mpkit'), ...words, context]);
    };
    const numbers = Array.from({ length: 40 }, (_, n) => n).join(' ');
    const { stderr } = await build(
      'fds',
      `FROM base\nRUN for n in ${numbers}; do [ -e /proc/self/fd/$n ] && echo $n; done; pwd\n`,
    );
    expect(stepOutput(stderr), stderr).toEqual(['0', '1', '2', '/']);
    const lookIn = (folder: string) =>
      build('cwd', `FROM base\nWORKDIR ${folder}\nRUN echo reached; ls\n`);
    for (const folder of ['/proc/self/fd/7', '/proc/self/fd/3', '/proc/self/fd/4']) {
      const shown = await lookIn(folder);
      expect({ folder, exitCode: shown.exitCode }).toEqual({ folder, exitCode: 1 });
      expect(stepOutput(shown.stderr)).toEqual([]);
      expect(shown.stderr).toContain(`sandbox could not chdir \`${folder}\``);
      expect(shown.stderr).toContain('cwd/Dockerfile:3');
    }
    const inside = await lookIn('/proc/1/cwd');
    expect(stepOutput(inside.stderr).slice(0, 3)).toEqual(['reached', 'bin', 'dev']);
  });
});

asEach(['root', 'user with a range'], (arena) => {
  it('S2 no step can write to the program that made it', async () => {
    const before = sandboxDigest();
    const base = hostileBase(arena(), [
      { name: 'bin/sh', type: 'symlink', link: '/proc/self/exe' },
    ]);
    const asShell = await arena().build({ dockerfile: 'FROM base\nRUN true\n', args: base });
    expect(asShell.stderr).toContain('] `true` exited with 2\n');
    const { stderr } = await arena().build({
      dockerfile: `FROM base
RUN for f in /proc/1/exe /proc/self/exe /proc/self/task/*/exe /proc/$$/exe /proc/1/fd/*; do \\
  (echo changed > $f) 2>/dev/null && echo wrote $f; (: >> $f) 2>/dev/null && echo opened $f; \\
  dd if=/dev/zero of=$f bs=1 count=1 conv=notrunc 2>/dev/null && echo copied to $f; done; \\
  cat /proc/1/exe > /dev/null 2>&1 && echo read the first process; \\
  tr -d '\\0' < /proc/1/cmdline; echo
`,
    });
    // nor does it see with which words, which name folders of the host
    expect(stepOutput(stderr), stderr).toEqual(['mpkit-step']);
    expect(sandboxDigest()).toBe(before);
  });

  it('S3 devices of the image are not used, and masks hold', async () => {
    const base = hostileBase(arena(), [
      { name: 'dev', type: 'directory' },
      { name: 'dev/null', type: 'symlink', link: '/proc/sys/kernel/core_pattern' },
      { name: 'dev/console', type: 'symlink', link: '/proc/sysrq-trigger' },
      { name: 'dev/pts', type: 'symlink', link: '/proc/sys' },
      { name: 'dev/ptmx', type: 'symlink', link: '/proc/sys/kernel/core_pattern' },
    ]);
    const { stderr } = await arena().build({
      dockerfile: `FROM base
RUN stat -c '%F %t:%T' /dev/null /dev/zero; stat -c %F /dev/pts; ls /dev/console; \\
  for f in kcore keys timer_list; do [ ! -e /proc/$f ] || head -c 9 /proc/$f; done; \\
  find /proc/acpi /proc/scsi /sys/firmware /sys/fs/cgroup -mindepth 1 2>/dev/null; \\
  (: > /proc/sys/kernel/core_pattern)
`,
      args: base,
    });
    expect(stepOutput(stderr), stderr).toEqual([
      'character special file 1:3',
      'character special file 1:5',
      'directory',
      'ls: /dev/console: No such file or directory',
      expect.stringContaining("can't create /proc/sys/kernel/core_pattern: Read-only"),
    ]);
  });

  it.each(['dev', 'proc', 'sys'])('S4 a base whose `/%s` is no folder is refused', async (name) => {
    for (const spec of [
      { name, type: 'symlink', link: arena().canary.folder } as const,
      { name, type: 'file', content: 'x' } as const,
    ]) {
      const { exitCode, stderr } = await arena().build({
        dockerfile: 'FROM base\nRUN echo reached\n',
        args: hostileBase(arena(), [spec]),
      });
      expect({ exitCode, steps: stepOutput(stderr) }).toEqual({ exitCode: 1, steps: [] });
      expect(stderr).toContain(`] sandbox could not mount point \`${name}\``);
      expect(stderr).toContain('Dockerfile:2');
    }
  });

  it('S4 links at the private files are followed inside the image only', async () => {
    const { folder, secret } = arena().canary;
    const fileLinks = ['hosts', 'resolv.conf'].map((name) => ({
      name: `etc/${name}`,
      type: 'symlink' as const,
      link: `${folder}/secret`,
    }));
    for (const specs of [fileLinks, [{ name: 'etc', type: 'symlink' as const, link: folder }]]) {
      const { stderr } = await arena().build({
        dockerfile: 'FROM base\nRUN cat /etc/hosts /etc/secret; echo done\n',
        args: hostileBase(arena(), specs),
      });
      expect(stepOutput(stderr).at(-1), stderr).toBe('done');
      expect(stderr).not.toContain(secret);
    }
  });
});

function sandboxDigest(): string {
  const program = readFileSync(join(clone, 'build/native/sandbox'));
  return createHash('sha256').update(program).digest('hex');
}
