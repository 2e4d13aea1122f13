import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cpuOf, formatEntry } from '../../../src/binfmt/index.ts';
import { probeFolder } from '../../../src/paths.ts';
import { hostPlatform } from '../../../src/platform.ts';
import { emulatorState } from '../../helpers/fixtures.ts';
import { type Outcome, type Project, project } from '../../helpers/mpkit.ts';
import { privateHost } from '../../helpers/private-host.ts';

const host = privateHost();
const projects: Project[] = [];
afterAll(() => projects.forEach((each) => void each.remove()));

const guest = hostPlatform().architecture === 'riscv64' ? 's390x' : 'riscv64';
const masked = 'ln -s /dev/null /etc/systemd/system/systemd-binfmt.service';
const alpine = 'rm -rf /usr/lib/systemd/systemd; touch /usr/sbin/openrc';
const sysv = 'rm -rf /usr/lib/systemd/systemd; mkdir -p /etc/init.d /etc/rc2.d';

describe.skipIf(!host.ok)(`the boot of a private host${host.why}`, () => {
  it.each([
    ['systemd-unit', masked, '/etc/systemd/system/mpkit-binfmt.service'],
    ['openrc', alpine, '/etc/init.d/mpkit-binfmt'],
    ['sysv', sysv, '/etc/init.d/mpkit-binfmt'],
  ])(
    'by %s brings handlers back through a script that was really run',
    async (way, change, file) => {
      const [, kept, script, syntax, removed, after] = (await steps(
        change,
        `mpkit binfmt install ${guest} --persist --json`,
        // once more by hand, as the boot does it: after the handler went
        `echo -1 > /proc/sys/fs/binfmt_misc/mpkit-${guest}; /usr/lib/mpkit/binfmt-register && mpkit binfmt verify ${guest}`,
        `case ${file} in *.service) ;; *) sh -n ${file} ;; esac`,
        'mpkit binfmt uninstall all',
        'find /etc /usr/lib/mpkit -name "*mpkit*" 2>/dev/null',
      )) as [Outcome, Outcome, Outcome, Outcome, Outcome, Outcome];
      expect(JSON.parse(kept.stdout).boot, kept.stderr).toMatchObject({
        ...{ way, tried: true, ok: true, refused: [] },
        files: expect.arrayContaining(['/usr/lib/mpkit/binfmt-register', file]),
        rows: [{ handler: `mpkit-${guest}`, works: true }],
      });
      expect(script, script.stderr).toMatchObject({ exitCode: 0 });
      expect(syntax).toMatchObject({ exitCode: 0, stderr: '' });
      expect(removed.stdout).toContain(`no longer registered at boot: mpkit-${guest}\n`);
      expect(after.stdout).toBe('');
    },
  );

  it('is not promised where nothing runs at boot, and nothing is registered then', async () => {
    const [, kept, list] = await steps(
      'rm -rf /usr/lib/systemd/systemd /etc/init.d; mkdir -p /etc/x',
      `mpkit binfmt install ${guest} --persist`,
      'ls /proc/sys/fs/binfmt_misc',
    );
    expect(kept).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('at boot') });
    expect(list!.stdout).toBe('register\nstatus\n');
  });
});

describe.skipIf(!host.ok)(`where a written entry is taken for a working one${host.why}`, () => {
  /*
   * tonistiigi/binfmt writes the line and says OK when write(2) took it, or `already registered`
   * when the name is there. Each of these is such an OK that is none.
   */
  it.each([
    ['all handlers are switched off', 'echo 0 > $B/status', register('/usr/bin/q', 'F')],
    ['the emulator is for another CPU', ':', register(join(probeFolder(), 'loong64'), 'F')],
    ['the emulator is any program', ':', register('/bin/true', 'F')],
    ['without F the file goes later', ':', `${register('/usr/bin/q', '')}; rm /usr/bin/q`],
  ])('%s: `verify` finds out', async (_, before, peer) => {
    const [, written, verify] = await steps(
      `set -e; mpkit binfmt install ${guest}; cp /usr/lib/mpkit/emulators/* /usr/bin/q; mpkit binfmt uninstall all`,
      `B=/proc/sys/fs/binfmt_misc; ${before}; ${peer} && echo OK`,
      `mpkit binfmt verify ${guest} --json`,
    );
    expect(written!.stdout).toBe('OK\n');
    expect(verify!.exitCode, verify!.stdout).toBe(1);
  });
});

/** As that tool writes it: only where no entry of that name is. */
function register(interpreter: string, flags: string, name = 'qemu-peer'): string {
  const { magic, mask } = cpuOf(guest)!;
  const text = formatEntry({ name, match: { offset: 0, magic, mask }, interpreter, flags });
  return `printf %s '${text}' > /proc/sys/fs/binfmt_misc/register`;
}

function steps(...commands: string[]): Promise<Outcome[]> {
  const made = project();
  projects.push(made);
  emulatorState(made);
  return host.steps(made, ...commands);
}
