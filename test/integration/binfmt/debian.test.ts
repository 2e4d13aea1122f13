import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hostPlatform } from '../../../src/platform.ts';
import { emulatorState } from '../../helpers/fixtures.ts';
import { type Outcome, type Project, project } from '../../helpers/mpkit.ts';
import { nativeCpus } from '../../helpers/native-cpus.ts';
import { privateHost } from '../../helpers/private-host.ts';
import { alone, isOnPath } from '../../helpers/requires.ts';
import { slowly } from '../../helpers/speed.ts';

const projects: Project[] = [];
afterAll(() => projects.forEach((each) => void each.remove()));

const host = privateHost();
const tool = host.ok ? packages('binfmt-support', 'libpipeline1') : undefined;
const emulators = host.ok ? packages('qemu-user-static') : undefined;
const able = tool !== undefined && emulators !== undefined;
const why = host.why || (able ? '' : ' (skipped: apt-get cannot fetch the packages)');
const runsHere = nativeCpus();
/** The package has no handlers for 32-bit programs of the host's CPU, which kernels may refuse. */
const lacking = ['386'].filter((each) => !runsHere.includes(each));
const guest = hostPlatform().architecture === 'riscv64' ? 's390x' : 'riscv64';

describe.skipIf(!able)(`beside Debian's own packages${why}`, () => {
  it('breaks nothing, and tells whose each handler is', async () => {
    const [installed, before, install, status, uninstall, after] = (await steps(
      `dpkg -i ${tool}/*.deb ${emulators}/*.deb`,
      state,
      'mpkit binfmt install all --json',
      'mpkit binfmt status --json',
      'mpkit binfmt uninstall all',
      state,
    )) as [Outcome, Outcome, Outcome, Outcome, Outcome, Outcome];
    expect(installed, installed.stderr).toMatchObject({ exitCode: 0 });
    const { architectures } = JSON.parse(install.stdout) as { architectures: Row[] };
    for (const { architecture, result, owner, detail } of architectures) {
      const expected = runsHere.includes(architecture)
        ? ['native', null, detail]
        : lacking.includes(architecture)
          ? ['registered', 'mpkit', detail]
          : ['kept', 'binfmt-support', detail];
      expect([result, owner, detail], architecture).toEqual(expected);
    }
    const { handlers } = JSON.parse(status.stdout) as { handlers: Handler[] };
    const served = handlers.filter((each) => each.platform !== null && !isOwn(each));
    expect(served.length).toBeGreaterThan(6);
    for (const each of served) {
      expect(each).toMatchObject({ owner: 'binfmt-support', works: 'yes', linkage: 'static' });
      expect(each.version).toMatch(/^\d+\.\d/);
    }
    expect(uninstall.exitCode).toBe(0);
    expect(after.stdout).toBe(before.stdout);
  });

  it('keeps its own handlers in the database of binfmt-support, and nowhere else', async () => {
    const [, install, again, entry, status, uninstall, after] = (await steps(
      `dpkg -i ${tool}/*.deb`,
      `mpkit binfmt install ${guest} --persist --json`,
      `mpkit binfmt install ${guest} --persist --json`,
      `update-binfmts --display mpkit-${guest}; ls /etc/binfmt.d`,
      'mpkit binfmt status --json',
      'mpkit binfmt uninstall all',
      'ls /var/lib/binfmts /proc/sys/fs/binfmt_misc; update-binfmts --display',
    )) as [Outcome, Outcome, Outcome, Outcome, Outcome, Outcome, Outcome];
    for (const each of [install, again])
      expect(JSON.parse(each.stdout).boot, each.stderr).toMatchObject({
        ...{ way: 'binfmt-support', ok: true, files: [`/var/lib/binfmts/mpkit-${guest}`] },
        rows: [{ architecture: guest, handler: `mpkit-${guest}`, works: true }],
      });
    expect(JSON.parse(again.stdout).architectures[0].result).toBe('present');
    expect(entry.stdout).toMatch(/\(enabled\)[\s\S]*package = mpkit\n/);
    expect(entry.stdout).not.toContain('zz-mpkit');
    expect(JSON.parse(status.stdout).handlers.find(isOwn)).toMatchObject({
      ...{ owner: 'mpkit', boot: `/var/lib/binfmts/mpkit-${guest}`, flags: 'PF', works: 'yes' },
    });
    expect(uninstall).toMatchObject({ exitCode: 0, stderr: '' });
    expect(after.stdout).not.toContain('mpkit');
  });

  it('moves to the database when the package comes later, and says who stands in the way', async () => {
    const [, , moved, , refused] = (await steps(
      `mpkit binfmt install ${guest} --persist`,
      `dpkg -i ${tool}/*.deb`,
      `mpkit binfmt install ${guest} --json; ls /etc/binfmt.d`,
      `mpkit binfmt uninstall all && dpkg -i ${tool}/*.deb ${emulators}/*.deb`,
      `mpkit binfmt install ${guest} --replace --persist`,
    )) as [Outcome, Outcome, Outcome, Outcome, Outcome];
    expect(moved.stdout).toContain('"way": "binfmt-support"');
    expect(moved.stdout).not.toContain('zz-mpkit.conf\n');
    expect(refused.exitCode).toBe(1);
    const text = refused.stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain(`binfmt-support has \`qemu-${guest}\` for the same programs`);
    expect(text).toContain(`after a boot \`qemu-${guest}\` runs linux/${guest}, not mpkit's`);
  });

  it('takes the emulator of the package instead of its own, and back, and keeps one file', async () => {
    const path = `$PWD/q/usr/bin/qemu-${guest}-static`;
    const [, own, theirs, same, back, files] = (await steps(
      `dpkg-deb -x ${emulators}/*.deb q`,
      `mpkit binfmt install ${guest} --json`,
      `mpkit binfmt install ${guest} --emulator ${path} --json`,
      `mpkit binfmt install ${guest} --emulator ${path} --json`,
      `mpkit binfmt install ${guest} --replace --json`,
      'ls /usr/lib/mpkit/emulators | wc -l',
    )) as [Outcome, Outcome, Outcome, Outcome, Outcome, Outcome];
    const rowOf = ({ stdout }: Outcome) => JSON.parse(stdout).architectures[0];
    expect(rowOf(theirs)).toMatchObject({ result: 'replaced', ok: true });
    expect(rowOf(theirs).version).not.toBe(rowOf(own).version);
    expect(rowOf(same)).toMatchObject({
      result: 'present',
      interpreter: rowOf(theirs).interpreter,
    });
    expect(rowOf(back)).toMatchObject({ result: 'replaced', interpreter: rowOf(own).interpreter });
    expect(files.stdout).toBe('1\n');
  });
});

interface Row {
  architecture: string;
  result: string;
  owner: string | null;
  detail: string;
}
interface Handler {
  name: string;
  platform: string | null;
  version: string | null;
}

const state =
  'ls /etc/binfmt.d /var/lib/binfmts /usr/lib/mpkit; head -50 /proc/sys/fs/binfmt_misc/*-*';

function isOwn({ name }: Handler): boolean {
  return name.startsWith('mpkit-');
}

/** A folder with these packages, fetched once; undefined where that fails. */
function packages(...names: string[]): string | undefined {
  if (!isOnPath('apt-get')) return undefined;
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(cache, 'mpkit-test/packages', names[0]!);
  return alone(() => {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).filter((each) => each.endsWith('.deb')).length >= names.length)
      return folder;
    for (const command of [
      ['download', '-q', ...names],
      ['update', '-q'],
      ['download', '-q', ...names],
    ])
      try {
        execFileSync('apt-get', command, {
          cwd: folder,
          stdio: 'ignore',
          timeout: slowly(300_000),
        });
        if (command[0] === 'download') return folder;
      } catch {
        // lists may be too old for what the mirror has now
      }
    return undefined;
  });
}

function steps(...commands: string[]): Promise<Outcome[]> {
  const made = project();
  projects.push(made);
  emulatorState(made);
  return host.steps(made, ...commands);
}
