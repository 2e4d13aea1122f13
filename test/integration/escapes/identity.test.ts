/** Rows S12 to S17: who a step is, what it may, and what an image cannot decide. */
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { asUser, testUser } from '../../helpers/users.ts';
import { stepOutput } from '../build/workplace.ts';
import { asEach } from './arena.ts';
import { hostileBase } from './hostile-base.ts';

/** Docker's 14 capabilities. */
const bounding = '00000000a80425fb';
const none = '0000000000000000';
const plain = testUser('plain');

asEach(['root', 'user with a range', 'user without a range'], (arena) => {
  it('S12 no control group can be written, and none mounted', async () => {
    const { stderr } = await arena().build({
      dockerfile: `FROM base
RUN find /sys/fs/cgroup -mindepth 1; touch /sys/fs/cgroup/x; mkdir /srv/c; \\
  mount -t cgroup cgroup /srv/c; mount -t cgroup2 none /srv/c; \
  grep -v ':/$' /proc/self/cgroup; echo done
`,
    });
    expect(stepOutput(stderr), stderr).toEqual([
      'touch: /sys/fs/cgroup/x: Read-only file system',
      'mount: permission denied (are you root?)',
      'mount: permission denied (are you root?)',
      'done',
    ]);
  });

  it('S15 a step has the filter, and nothing can ask for another one', async () => {
    const { stderr } = await arena().build({
      dockerfile: 'FROM base\nRUN grep Seccomp: /proc/self/status\n',
    });
    expect(stepOutput(stderr)).toEqual(['Seccomp:\t2']);
    for (const value of ['insecure', 'sandbox', 'x', '']) {
      const refused = await arena().build({
        dockerfile: `FROM base\nRUN --security=${value} echo reached\n`,
      });
      expect({ value, exitCode: refused.exitCode }).toEqual({ value, exitCode: 1 });
      expect(refused.stderr).toContain('mpkit: `RUN --security` is not supported by mpkit yet');
      expect(refused.stderr).toContain('Dockerfile:2');
    }
    const allow = await arena().build({
      dockerfile: 'FROM base\nRUN true\n',
      args: ['--allow', 'security.insecure'],
    });
    expect(allow.exitCode).toBe(2);
  });

  it('S16 the state folder is closed to everybody else, and mended when it was opened', async () => {
    const { root } = arena();
    const dockerfile = 'FROM base\nRUN true\n';
    expect((await arena().build({ dockerfile })).exitCode).toBe(0);
    const mode = () => statSync(root).mode & 0o777;
    expect(mode()).toBe(0o700);
    chmodSync(root, 0o755);
    expect((await arena().build({ dockerfile })).exitCode).toBe(0);
    expect(mode()).toBe(0o700);
  });

  it('S16 a state folder that is a link or that somebody else owns is refused', async () => {
    const { canary, folder } = arena();
    rmSync(join(folder, 'link'), { force: true });
    symlinkSync(canary.folder, join(folder, 'link'));
    const words = ['--build-context', `base=oci-layout://${arena().base}`, 'state'];
    arena().write({ 'state/Dockerfile': 'FROM base\nRUN true\n' });
    const linked = await arena().mpkit(['build', '--root', join(folder, 'link'), ...words]);
    expect(linked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is no folder') });
    const foreign = await arena().mpkit(['build', '--root', '/etc', ...words]);
    expect(foreign.exitCode).toBe(1);
    expect(foreign.stderr).toContain('mpkit: state folder `/etc` belongs to user 0, expected ');
  });
});

asEach(['root', 'user with a range'], (arena) => {
  it.skipIf(!plain.ok || process.getuid?.() !== 0)(
    `S16 a second user cannot list the store${plain.why || (process.getuid?.() === 0 ? '' : ' (skipped: only root can be somebody else)')}`,
    async () => {
      await arena().build({ dockerfile: 'FROM base\nRUN true\n' });
      chmodSync(join(arena().root, '..'), 0o755);
      const [program, ...words] = asUser(plain, ['ls', arena().root]) as [string, ...string[]];
      expect(() => execFileSync(program, words, { stdio: 'pipe' })).toThrow('Permission denied');
      chmodSync(join(arena().root, '..'), 0o700);
    },
  );

  it('S13 capabilities are exactly the documented ones, for root and for USER', async () => {
    const { stderr } = await arena().build({
      dockerfile: `FROM base
RUN grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status
USER nobody
RUN grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status
`,
    });
    const sets = (held: string) => [
      `CapInh:\t${none}`,
      `CapPrm:\t${held}`,
      `CapEff:\t${held}`,
      `CapBnd:\t${bounding}`,
      `CapAmb:\t${none}`,
    ];
    expect(stepOutput(stderr), stderr).toEqual([...sets(bounding), ...sets(none)]);
  });

  it("S14 groups are the image's own, the primary one included, and none of the caller's", async () => {
    const args = hostileBase(arena(), [
      { name: 'etc/passwd', content: 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n' },
      { name: 'etc/group', content: 'root:x:0:\nalice:x:1000:\nextra:x:77:alice\n' },
    ]);
    arena().write({
      'groups/Dockerfile': `FROM base
RUN id -G
USER alice
RUN id -G
USER alice:extra
RUN id -G
USER 1234
RUN id -G
`,
    });
    const isRoot = statSync(arena().folder).uid === 0;
    const withGroups = isRoot ? ['setpriv', '--groups', '4242,4343', '--'] : [];
    const build = [join(clone, 'bin/mpkit'), 'build', '--no-cache', ...args, 'groups'];
    const { stderr } = await arena().run([...withGroups, ...build]);
    expect(stepOutput(stderr), stderr).toEqual(['0', '1000 77', '77', '0']);
  });

  it.each(['4294967296', '4294967295', '0:4294967296', '-1', '0x0', '1e3', '18446744073709551616'])(
    'S14 `USER %s` is refused',
    async (user) => {
      for (const lines of [`USER ${user}\nRUN id`, `COPY --chown=${user} Dockerfile /x`]) {
        const { exitCode, stderr } = await arena().build({ dockerfile: `FROM base\n${lines}\n` });
        expect({ lines, exitCode }).toEqual({ lines, exitCode: 1 });
        expect(stepOutput(stderr)).toEqual([]);
        expect(stderr).toMatch(/^mpkit: (\[.+\] )?unknown (user|group) `.+` in `/m);
        expect(stderr).toMatch(/Dockerfile:[23]$/m);
      }
    },
  );

  it("S17 what an image's configuration says chooses nothing on the host", async () => {
    const { canary, folder } = arena();
    const args = hostileBase(arena(), [], (document) => {
      Object.assign(document.config, {
        Volumes: { '/../canary': {}, [canary.folder]: {}, '/proc/self': {} },
        Labels: { 'mpkit.root': canary.folder, 'io.mpkit.mount': `${canary.folder}:/x` },
        Entrypoint: [`${canary.folder}/run.sh`],
        WorkingDir: `/../../..${canary.folder}`,
        Env: [
          ...document.config.Env,
          `MPKIT_ROOT=${canary.folder}`,
          `MPKIT_SANDBOX=${canary.folder}/run.sh`,
          'MPKIT_INSIDE=0',
          `NODE_OPTIONS=--require=${canary.folder}/run.sh`,
          `LD_PRELOAD=${canary.folder}/secret`,
          `TMPDIR=${canary.folder}`,
        ],
      });
    });
    const { exitCode, stderr } = await arena().build({
      dockerfile: `FROM base\nRUN pwd; ls -A; ls -d ${folder} /x /canary 2>&1 | wc -l\n`,
      args,
    });
    expect(exitCode, stderr).toBe(0);
    expect(stepOutput(stderr)).toEqual([canary.folder, '3']);
    expect(stderr).not.toContain(canary.secret);
    const layout = args[1]?.replace('base=', '') as string;
    const run = await arena().mpkit(['run', layout, '--', 'sh', '-c', 'pwd; ls -A']);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain('sandbox could not chdir');
  });
});

asEach(['user without a range'], (arena) => {
  it('S14 a user that is not mapped is refused, and says what is missing', async () => {
    const { exitCode, stderr } = await arena().build({
      dockerfile: 'FROM base\nUSER 1000\nRUN id\n',
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('] cannot run as `1000`: only one user id is available');
    expect(stderr).toContain('the package `uidmap`');
    expect(stderr).toContain('Dockerfile:3');
  });
});
