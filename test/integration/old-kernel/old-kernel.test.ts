/**
 * A host without private binfmt_misc, for real: Debian 12's kernel in a virtual machine, in which
 * mpkit finds no handler, mends what it may, and then builds with a handler of the host.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuOf, formatEntry } from '../../../src/binfmt/index.ts';
import type { Examination } from '../../../src/doctor/index.ts';
import { emulatorPath, listEmulators } from '../../../src/emulator/index.ts';
import { busyboxBase, emulatorState } from '../../helpers/fixtures.ts';
import { clone, type Project, project } from '../../helpers/mpkit.ts';
import { isOnPath, type Requirement, requires } from '../../helpers/requires.ts';
import { bootAndRun, debianKernel, fillRoot } from '../../helpers/virtual-machine.ts';

const need = requirement();

let work: Project;
let said = '';

beforeAll(async () => {
  if (!need.ok) return;
  work = project();
  emulatorState(work);
  const base = busyboxBase(work);
  const kernel = debianKernel();
  const root = join(work.folder, 'disk-root');
  mkdirSync(root);
  fillRoot(root, kernel, ['binfmt_misc', 'overlay', 'tun']);
  for (const part of ['package.json', 'dist', 'native/probe/bin', 'build/native/sandbox'])
    cpSync(join(clone, part), join(root, 'mpkit', part), { recursive: true });
  for (const part of ['node_modules/koffi', 'node_modules/@koromix'])
    cpSync(join(clone, part), join(root, 'mpkit', part), { recursive: true });
  cpSync(base, join(root, 'base'), { recursive: true });
  const { emulators } = await listEmulators(work.root);
  const record = emulators.find(({ architecture }) => architecture === 'arm64')!;
  cpSync(emulatorPath(work.root, record), join(root, 'usr/bin/qemu-aarch64'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/os-release'), 'PRETTY_NAME="A machine of the test"\n');
  const { magic, mask } = cpuOf('arm64')!;
  const entry = {
    name: 'qemu-aarch64',
    match: { offset: 0, magic, mask },
    interpreter: '/usr/bin/qemu-aarch64',
    flags: 'POCF',
  };
  writeFileSync(join(root, 'entry'), formatEntry(entry));
  mkdirSync(join(root, 'context'));
  writeFileSync(join(root, 'context/Dockerfile'), 'FROM base\nRUN echo "built on $(uname -m)"\n');
  writeFileSync(join(root, 'scenario'), scenario);
  said = await bootAndRun(kernel, root, { work: work.folder, seconds: 500 });
  if (process.env.MPKIT_TEST_VERBOSE) process.stderr.write(said);
});

afterAll(() => work?.remove());

const scenario = `
export MPKIT_SANDBOX=/mpkit/build/native/sandbox MPKIT_OFFLINE=1 SHELL=/bin/sh
mpkit() { node /mpkit/dist/main.js "$@"; }
part() {
  printf '=== %s\\n' "$1"
  shift
  "$@"
  printf '\\n=== status %s\\n' $?
}
build() {
  mpkit build --platform linux/arm64 --build-context base=oci-layout:///base \\
    -o type=oci,dest=/root/image.tar --network host /context
}
part doctor-before mpkit doctor --json
part fix mpkit doctor --fix --json
part build-before build
part register sh -c 'cat /entry > /proc/sys/fs/binfmt_misc/register'
part doctor-after mpkit doctor --json
part doctor-text mpkit doctor
part build-after build
part doctor-disabled sh -c 'echo 0 > /proc/sys/fs/binfmt_misc/status; node /mpkit/dist/main.js doctor --json'
`;

interface Part {
  text: string;
  status: number;
}

function part(name: string): Part {
  const start = said.indexOf(`=== ${name}\n`);
  const rest = said.slice(start + name.length + 5);
  const [, text = '', status = 'NaN'] = /^([\s\S]*?)\n=== status (\d+)/.exec(rest) ?? [];
  return { text, status: Number(status) };
}

function report(name: string): Examination {
  const { text } = part(name);
  return JSON.parse(text.slice(text.indexOf('\n{\n') + 1)) as Examination;
}

const grade = ({ findings }: Examination, id: string) =>
  findings.find((each) => each.id === id)?.result;

describe.skipIf(!need.ok)(
  `on Linux 6.1, where no namespace has handlers of its own${need.why}`,
  () => {
    it('says that nothing can be emulated, why, and what to type', () => {
      const before = report('doctor-before');
      expect(before.host.kernel).toMatch(/^6\.1\./);
      expect(before.tier).toMatchObject({ name: 'none', executed: true });
      expect(grade(before, 'kernel.private-binfmt')).toBe('note');
      expect(grade(before, 'userns.create')).toBe('ok');
      // this machine has no /sbin/modprobe that the kernel could start
      expect(grade(before, 'overlay.userxattr')).toBe('problem');
      expect(grade(before, 'binfmt.mounted')).toBe('problem');
      expect(before.remedies).toEqual(
        expect.arrayContaining(['modprobe overlay', 'modprobe binfmt_misc']),
      );
      expect(before.platforms.usable).toEqual([]);
      expect(part('doctor-before').status).toBe(3);
    });

    it('refuses to build what it cannot run, with status 3 and the way out', () => {
      const { text, status } = part('build-before');
      expect(text).toContain('no handler of this host runs `linux/arm64`');
      expect(text).toContain('exec format error: it is arm64');
      expect(text).toContain('hint: ');
      expect(status).toBe(3);
    });

    it('loads modules and mounts binfmt_misc where --fix allows it', () => {
      expect(part('fix').text).toContain('to do: `modprobe binfmt_misc`');
      const after = report('fix');
      for (const id of ['binfmt.support', 'binfmt.mounted', 'overlay.userxattr'])
        expect(grade(after, id)).toBe('ok');
      expect(after.platforms.usable.map(({ platform }) => platform)).toContain('linux/amd64');
      expect(after.tier.name).toBe('none');
      expect(after.remedies[0]).toBe('mpkit binfmt install all');
    });

    it('sees a handler of the host, by execution', () => {
      expect(part('register').status).toBe(0);
      const after = report('doctor-after');
      expect(after.tier).toMatchObject({ name: 'host handlers', executed: true });
      const handler = after.findings.find(({ subject }) => subject === 'qemu-aarch64');
      expect(handler).toMatchObject({ id: 'handler.runs', result: 'ok' });
      const rows = after.platforms.usable.filter(({ way }) => way === 'host-wide');
      expect(rows.map(({ platform }) => platform)).toEqual(['linux/arm64']);
      expect(part('doctor-after').status).toBe(0);
      expect(part('doctor-text').text).toMatch(/^tier: host handlers: /m);
    });

    it('builds with it', () => {
      const { text, status } = part('build-after');
      expect(text).toContain('built on aarch64');
      expect(status).toBe(0);
    });

    it('has no tier any more once all handlers are switched off', () => {
      const after = report('doctor-disabled');
      expect(grade(after, 'binfmt.enabled')).toBe('problem');
      expect(after.tier.name).toBe('none');
    });
  },
);

function requirement(): Requirement {
  const skip = (why: string): Requirement => ({ ok: false, why: ` (skipped: ${why})` });
  if (process.arch !== 'x64') return skip("the machine is made of this host's amd64 programs");
  if (process.getuid?.() !== 0) return skip("only root can give the disk's files to root");
  if (!isOnPath('apt-get')) return skip('there is no `apt-get` to fetch the kernel');
  return requires('qemu-system-x86_64', 'mkfs.ext4');
}
