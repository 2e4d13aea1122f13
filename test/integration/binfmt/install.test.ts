import { afterAll, describe, expect, it } from 'vitest';
import { cpus, formatEntry } from '../../../src/binfmt/index.ts';
import { emulatorState } from '../../helpers/fixtures.ts';
import { flat } from '../../helpers/flat.ts';
import { type Outcome, type Project, project } from '../../helpers/mpkit.ts';
import { foreignCpus } from '../../helpers/native-cpus.ts';
import { privateHost } from '../../helpers/private-host.ts';

const host = privateHost();
const projects: Project[] = [];
afterAll(() => projects.forEach((each) => void each.remove()));

const foreign = foreignCpus();
const [first, second] = foreign.map((cpu) => cpu.architecture) as [string, string];

describe.skipIf(!host.ok)(`on a private host${host.why}`, () => {
  it('registers every CPU, executes each, does nothing the second time, and takes all away', async () => {
    const [before, once, run, twice, gone, after] = (await steps(
      state,
      'mpkit binfmt install all --json',
      // a program started outside mpkit, in a root folder with no emulator
      `cp ${probes}/${first} . && mkdir empty && mv ${first} empty/p && chroot empty /p; echo $?`,
      'mpkit binfmt install all --json',
      'mpkit binfmt uninstall all',
      state,
    )) as Six;
    const rows = (outcome: Outcome) => JSON.parse(outcome.stdout).architectures as Row[];
    for (const { architecture } of foreign) {
      const row = rows(once).find((each) => each.architecture === architecture);
      expect(row, once.stderr).toMatchObject({
        ...{ result: 'registered', ok: true, owner: 'mpkit', flags: 'PF' },
        ...{ runs: true, inEmptyRoot: true, argv0: true },
      });
      expect(row?.interpreter).toMatch(/^\/usr\/lib\/mpkit\/emulators\/qemu-\w+-[0-9a-f]{16}$/);
    }
    // it says by status 2 that it got no path: so it was executed
    expect(run.stdout).toBe('2\n');
    expect(new Set(rows(twice).map(({ result }) => result))).toEqual(
      new Set(['present', 'native']),
    );
    expect(twice.exitCode).toBe(0);
    expect(gone.stdout).toMatch(/remaining: none\n$/);
    expect(after.stdout).toBe(before.stdout);
    expect(before.stdout).not.toContain('mpkit-');
  });

  it('keeps handlers for the next boot through systemd, replayed, in step, and forgets them', async () => {
    const [kept, conf, boot, changed, inStep, gone, after] = (await steps(
      `mpkit binfmt install ${first} --persist --json`,
      'cat /etc/binfmt.d/zz-mpkit.conf',
      'mpkit binfmt status --json',
      `mpkit binfmt install ${second} --credentials --json`,
      'cat /etc/binfmt.d/zz-mpkit.conf',
      `mpkit binfmt uninstall ${first} 'mpkit-*'`,
      'ls /etc/binfmt.d /usr/lib/mpkit /proc/sys/fs/binfmt_misc',
    )) as Seven;
    expect(JSON.parse(kept.stdout).boot, kept.stderr).toMatchObject({
      ...{ way: 'systemd', files: ['/etc/binfmt.d/zz-mpkit.conf'], ok: true, tried: true },
      rows: [{ architecture: first, handler: `mpkit-${first}`, works: true }],
    });
    const lines = (text: string) => text.split('\n').filter((line) => line.startsWith(':'));
    expect(lines(conf.stdout)).toHaveLength(1);
    expect(JSON.parse(boot.stdout).handlers[0].boot).toBe('/etc/binfmt.d/zz-mpkit.conf');
    expect(changed.stderr).toContain('warning: with flag `C`');
    expect(JSON.parse(changed.stdout).architectures[0].flags).toMatch(/C/);
    expect(lines(inStep.stdout).map((line) => line.split(':')[1])).toEqual(
      [`mpkit-${first}`, `mpkit-${second}`].sort(),
    );
    expect(gone.stdout).toMatch(/no longer registered at boot: [\s\S]*remaining: none\n$/);
    expect(after.stdout).not.toContain('mpkit');
  });

  it('keeps for the next boot what was asked for, beside what was kept before', async () => {
    const [all, kept, conf, more, both, gone, after] = (await steps(
      'mpkit binfmt install all',
      `mpkit binfmt install ${first} --persist --json`,
      'cat /etc/binfmt.d/zz-mpkit.conf',
      `mpkit binfmt install ${second} --persist`,
      'cat /etc/binfmt.d/zz-mpkit.conf',
      'mpkit binfmt uninstall all',
      'find /run /etc /usr/lib/mpkit -name "*mpkit*" 2>/dev/null',
    )) as Seven;
    expect(all.exitCode, all.stderr).toBe(0);
    expect(JSON.parse(kept.stdout).boot.rows).toMatchObject([{ handler: `mpkit-${first}` }]);
    const names = (text: string) => text.match(/^:[^:]+/gm)?.map((each) => each.slice(1));
    expect(names(conf.stdout)).toEqual([`mpkit-${first}`]);
    expect(more.exitCode, more.stderr).toBe(0);
    expect(names(both.stdout)).toEqual([`mpkit-${first}`, `mpkit-${second}`].sort());
    expect(gone.exitCode, gone.stderr).toBe(0);
    expect(after.stdout).toBe('');
  });

  it('says that a boot does not bring a handler back, when its emulator is gone', async () => {
    const line = formatEntry({
      ...rule(second),
      name: 'zz-broken',
      interpreter: '/gone',
      flags: '',
    });
    const [outcome] = await steps(
      `echo '${line}' > /etc/binfmt.d/zzz.conf`,
      `mpkit binfmt install ${second} --persist`,
    ).then((all) => all.slice(1));
    // systemd registers what needs no file now: the later one wins, and nothing runs any more
    expect(outcome!.stdout).toContain(`after a boot linux/${second} does not work (\`zz-broken\`)`);
    expect(outcome!.exitCode).toBe(1);
  });

  it('leaves a handler of somebody else that works, and replaces it when told', async () => {
    const [, left, replaced, list] = (await steps(
      `mpkit binfmt install ${first} && cp /usr/lib/mpkit/emulators/* /usr/bin/qemu-x && ` +
        `mpkit binfmt uninstall all && ${shell({ ...rule(first), name: 'theirs', interpreter: '/usr/bin/qemu-x', flags: 'F' })}`,
      `mpkit binfmt install ${first} --json`,
      `mpkit binfmt install ${first} --replace --json`,
      'ls /proc/sys/fs/binfmt_misc',
    )) as Four;
    expect(JSON.parse(left.stdout).architectures[0]).toMatchObject({
      ...{ result: 'kept', ok: true, handler: 'theirs', owner: 'unknown', argv0: false },
      detail: 'runs, but loses argv[0]',
    });
    expect(JSON.parse(replaced.stdout).architectures[0]).toMatchObject({
      ...{ result: 'replaced', handler: `mpkit-${first}`, argv0: true },
      removed: [{ name: 'theirs', owner: 'unknown' }],
    });
    expect(list.stdout).toBe(`mpkit-${first}\nregister\nstatus\n`);
  });

  it('names each way in which a handler is broken, and mends it with --replace', async () => {
    const dynamic = '/bin/true';
    const other = foreign[0]!.elf.class === 64 ? 32 : 64;
    const broken: [name: string, line: string, text: RegExp][] = [
      [
        'dynamic',
        shell({ ...rule(first), interpreter: dynamic, flags: 'F' }),
        /dynamically linked/,
      ],
      [
        'gone',
        shell({ ...rule(first), interpreter: '/gone', flags: '' }),
        /`\/gone` does not exist/,
      ],
      [
        'mask',
        shell({ ...rule(first), interpreter: '$PWD/q', flags: 'F', match: ignoringClass(first) }),
        new RegExp(`wrong mask: it catches ${other}-bit programs too`),
      ],
    ];
    for (const [name, line, text] of broken) {
      const [, made, status, install, mended] = (await steps(
        `mpkit binfmt install ${first} && cp /usr/lib/mpkit/emulators/* q && mpkit binfmt uninstall all`,
        line,
        'mpkit binfmt status --json',
        `mpkit binfmt install ${first}`,
        `mpkit binfmt install ${first} --replace`,
      )) as Five;
      expect(made, name).toMatchObject({ exitCode: 0, stderr: '' });
      const [handler] = JSON.parse(status.stdout).handlers;
      expect(handler.findings.map((each: { text: string }) => each.text).join(), name).toMatch(
        text,
      );
      if (name === 'mask') continue;
      expect(handler.works, name).toBe('no');
      expect(install.exitCode, name).toBe(1);
      expect(flat(install.stdout), name).toMatch(text);
      expect(flat(install.stdout), name).toContain('`--replace` mends it');
      expect(mended, name).toMatchObject({ exitCode: 0 });
      expect(flat(mended.stdout), name).toMatch(/removed `qemu-\w+` \(unknown\)/);
    }
  });

  it('tells a handler without F from one with it by execution, and one that is switched off', async () => {
    const made = shell({
      ...rule(first),
      name: 'theirs',
      interpreter: '/usr/bin/qemu-x',
      flags: 'P',
    });
    const [, status, verify, install, off, all] = (await steps(
      `mpkit binfmt install ${first} && cp /usr/lib/mpkit/emulators/* /usr/bin/qemu-x && mpkit binfmt uninstall all && ${made}`,
      'mpkit binfmt status --json',
      `mpkit binfmt verify ${first} --json`,
      `mpkit binfmt install ${first}`,
      'echo 0 > /proc/sys/fs/binfmt_misc/theirs; mpkit binfmt status --json',
      'echo 1 > /proc/sys/fs/binfmt_misc/theirs; echo 0 > /proc/sys/fs/binfmt_misc/status; mpkit binfmt status --json',
    )) as Six;
    expect(JSON.parse(status.stdout).handlers[0].works).toBe('here-only');
    expect(verify.exitCode).toBe(1);
    expect(JSON.parse(verify.stdout).rows[0].cells).toMatchObject({
      ...{ runs: { result: 'pass' }, argv0: { result: 'pass' }, chroot: { result: 'fail' } },
    });
    expect(install.exitCode).toBe(1);
    expect(flat(install.stdout)).toContain('no flag `F`: in a container');
    expect(JSON.parse(off.stdout).handlers[0]).toMatchObject({ enabled: false, works: 'no' });
    expect(JSON.parse(all.stdout).findings).toMatchObject([{ id: 'switched-off' }]);
  });

  it('says when binfmt_misc is missing, read-only, or empty over the one of the host', async () => {
    const mount = '/proc/sys/fs/binfmt_misc';
    const [empty, readOnly, refused, missing] = (await steps(
      'mpkit binfmt status --json',
      `mount -o remount,ro,bind ${mount}; mpkit binfmt status --json`,
      `mpkit binfmt install ${first}`,
      `umount ${mount}; mpkit binfmt status --json`,
    )) as Four;
    const ids = (outcome: Outcome) =>
      JSON.parse(outcome.stdout).findings.map((each: { id: string }) => each.id);
    expect(ids(empty)).toEqual(['empty-namespace']);
    expect(ids(readOnly)).toContain('read-only');
    expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('read-only') });
    expect(ids(missing)).toEqual(['not-mounted']);
  });

  it('mounts binfmt_misc where it is not, and unmounts it after the last handler', async () => {
    const mount = '/proc/sys/fs/binfmt_misc';
    const [, made, mounted, , left] = (await steps(
      `umount ${mount}`,
      `mpkit binfmt install ${first}`,
      `ls ${mount}/register`,
      'mpkit binfmt uninstall all',
      `ls ${mount}`,
    )) as Five;
    expect(made).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('mounted') });
    expect(mounted.exitCode).toBe(0);
    expect(left.stdout).toBe('');
  });

  it('verifies setuid programs as the flags promise', async () => {
    const [, without, asked, , promised] = (await steps(
      `mpkit binfmt install ${first}`,
      `mpkit binfmt verify ${first} --json`,
      `mpkit binfmt verify ${first} --property setuid`,
      `mpkit binfmt install ${first} --credentials`,
      `mpkit binfmt verify ${first} --property setuid,large --json`,
    )) as Five;
    expect(without.exitCode).toBe(0);
    expect(JSON.parse(without.stdout).rows[0].cells.setuid.result).toBe('not-promised');
    expect(asked.exitCode).toBe(1);
    expect(promised.exitCode).toBe(0);
  });

  it('takes an emulator by version or path, refuses what is none, and keeps the old one then', async () => {
    const [version, wrong, bad, still] = (await steps(
      `mpkit binfmt install ${first} --json`,
      `mpkit binfmt install ${first} --emulator 0.1 --replace`,
      `mpkit binfmt install ${first} --emulator /bin/true`,
      'ls /proc/sys/fs/binfmt_misc',
    )) as Four;
    expect(JSON.parse(version.stdout).architectures[0].version).toMatch(/^\d+\.\d/);
    expect(wrong.exitCode).toBe(1);
    expect(flat(wrong.stdout)).toContain('named `0.1`');
    expect(bad).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('static QEMU') });
    expect(still.stdout).toContain(`mpkit-${first}\n`);
  });

  it('brings the old handlers back where the new emulator only says that it is one', async () => {
    const name = rule(first).name;
    const liar = `#include <stdio.h>\nint main(int n, char **w) { return n == 2 ? !puts("${name} version 99.0.0") : 1; }\n`;
    const [, before, failed, after, works] = (await steps(
      `mpkit binfmt install ${first} && printf '%s' '${liar}' > liar.c && cc -static -o liar liar.c`,
      'head /proc/sys/fs/binfmt_misc/mpkit-*; ls /usr/lib/mpkit/emulators',
      `mpkit binfmt install ${first} --emulator $PWD/liar --json`,
      'head /proc/sys/fs/binfmt_misc/mpkit-*; ls /usr/lib/mpkit/emulators',
      `mpkit binfmt verify ${first}`,
    )) as Five;
    expect(failed.exitCode, failed.stderr).toBe(1);
    expect(JSON.parse(failed.stdout).architectures[0]).toMatchObject({
      ...{ result: 'failed', ok: false, version: '99.0.0', runs: false },
      detail: expect.stringContaining('QEMU 99.0.0 was registered and ends with status 1'),
    });
    expect(after.stdout).toBe(before.stdout);
    expect(works.exitCode).toBe(0);
  });
});

interface Row {
  architecture: string;
  result: string;
  interpreter?: string;
}
type Four = [Outcome, Outcome, Outcome, Outcome];
type Five = [...Four, Outcome];
type Six = [...Five, Outcome];
type Seven = [...Six, Outcome];

const probes = `${process.cwd()}/native/probe/bin`;
const state = 'ls /proc/sys/fs/binfmt_misc /etc/binfmt.d /usr/lib/mpkit /etc/mpkit 2>&1';

function steps(...commands: string[]): Promise<Outcome[]> {
  const made = project();
  projects.push(made);
  emulatorState(made);
  return host.steps(made, ...commands);
}

function rule(architecture: string) {
  const cpu = cpus.find((each) => each.architecture === architecture)!;
  return { name: cpu.qemu[0]!, match: { offset: 0, magic: cpu.magic, mask: cpu.mask } };
}

function ignoringClass(architecture: string) {
  const { match } = rule(architecture);
  const mask = Buffer.from(match.mask);
  mask[4] = 0;
  return { ...match, mask };
}

function shell(entry: Parameters<typeof formatEntry>[0]): string {
  const text = formatEntry({ ...entry, interpreter: entry.interpreter.replace('$PWD', '/PWD') });
  return `printf %s '${text.replace('/PWD', `'"$PWD"'`)}' > /proc/sys/fs/binfmt_misc/register`;
}
