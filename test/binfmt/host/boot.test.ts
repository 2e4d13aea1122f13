import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { formatScript } from '../../../src/binfmt/host/persist/boot-unit.ts';
import { parseConf } from '../../../src/binfmt/host/persist/conf.ts';
import {
  assumption,
  bootEntries,
  bootWay,
  cpuOf,
  type HostView,
  persist,
} from '../../../src/binfmt/index.ts';

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((each) => void rmSync(each, { recursive: true })));

const systemd = ['/usr/lib/systemd/systemd', '/usr/lib/systemd/systemd-binfmt'];
const tool = '/usr/sbin/update-binfmts';
const service = '/etc/systemd/system/multi-user.target.wants/binfmt-support.service';

describe('the way of a host to register at boot', () => {
  it.each([
    ['systemd alone', systemd, 'systemd'],
    ['both, as on a Debian desktop', [...systemd, tool, service], 'binfmt-support'],
    ['the package without its service', [...systemd, tool], 'systemd'],
    [
      'Debian with sysvinit',
      [tool, '/etc/rc2.d/S01binfmt-support', '/etc/init.d/x'],
      'binfmt-support',
    ],
    ['systemd built without it', systemd.slice(0, 1), 'systemd-unit'],
    ['Alpine', ['/sbin/openrc', '/etc/init.d/networking'], 'openrc'],
    ['sysvinit', ['/etc/init.d/ssh', '/etc/rc2.d/S01ssh'], 'sysv'],
    ['a container', ['/bin/sh'], undefined],
  ])('%s', (_, files, way) => {
    expect(bootWay(fakeHost(files))).toBe(way);
  });

  it('is neither tool that is masked', () => {
    const view = fakeHost([...systemd, tool, service]);
    const masked = join(view.root, 'etc/systemd/system');
    symlinkSync('/dev/null', join(masked, 'binfmt-support.service'));
    expect(bootWay(view)).toBe('systemd');
    symlinkSync('/dev/null', join(masked, 'systemd-binfmt.service'));
    expect(bootWay(view)).toBe('systemd-unit');
  });

  it('is said with its condition where the running system does not show systemd', () => {
    const view = fakeHost([...systemd, '/proc/1/comm']);
    writeFileSync(join(view.root, 'proc/1/comm'), 'sh\n');
    expect(assumption(view, 'systemd')).toBe('if this host boots with systemd; pid 1 is `sh` now');
    mkdirSync(join(view.root, 'run/systemd/system'), { recursive: true });
    expect(assumption(view, 'systemd')).toBeUndefined();
    writeFileSync(join(view.root, 'run/systemd/system/systemd-binfmt.service'), '');
    expect(bootWay(view)).toBe('systemd-unit');
  });
});

describe('what is kept', () => {
  it.each([
    ['systemd', systemd, ['/etc/binfmt.d/zz-mpkit.conf']],
    [
      'systemd-unit',
      systemd.slice(0, 1),
      [
        '/usr/lib/mpkit/binfmt-register',
        '/etc/systemd/system/mpkit-binfmt.service',
        '/etc/systemd/system/sysinit.target.wants/mpkit-binfmt.service',
      ],
    ],
    [
      'openrc',
      ['/sbin/openrc'],
      [
        '/usr/lib/mpkit/binfmt-register',
        '/etc/init.d/mpkit-binfmt',
        '/etc/runlevels/boot/mpkit-binfmt',
      ],
    ],
    [
      'sysv',
      ['/etc/init.d/ssh', '/etc/rc2.d/S01ssh'],
      ['/usr/lib/mpkit/binfmt-register', '/etc/init.d/mpkit-binfmt', '/etc/rc2.d/S20mpkit-binfmt'],
    ],
  ])('by %s goes without a trace', async (way, files, made) => {
    const view = fakeHost(files);
    const before = tree(view);
    expect(await persist(view, [entry('arm64'), entry('arm')])).toEqual({
      way,
      files: made,
      refused: [],
    });
    for (const file of made) expect(tree(view)).toContain(file);
    expect(bootEntries(view).map(({ name, owner }) => [name, owner])).toEqual([
      ['mpkit-arm', 'mpkit'],
      ['mpkit-arm64', 'mpkit'],
    ]);
    await persist(view, [entry('arm64')]);
    expect(bootEntries(view).map(({ name }) => name)).toEqual(['mpkit-arm64']);
    await persist(view, []);
    expect(tree(view)).toEqual(before);
    expect(bootEntries(view)).toEqual([]);
  });

  it('is never kept in two ways: the old one goes when a host changes', async () => {
    const view = fakeHost(systemd.slice(0, 1));
    await persist(view, [entry('arm64')]);
    writeFileSync(join(view.root, systemd[1]!), '');
    await persist(view, [entry('arm64')]);
    expect(bootEntries(view)).toEqual([
      { name: 'mpkit-arm64', owner: 'mpkit', file: '/etc/binfmt.d/zz-mpkit.conf' },
    ]);
    expect(existsSync(join(view.root, 'etc/systemd/system/mpkit-binfmt.service'))).toBe(false);
  });

  it('is what was registered, byte for byte', async () => {
    const view = fakeHost(systemd);
    await persist(view, [entry('s390x')]);
    const text = readFileSync(join(view.root, 'etc/binfmt.d/zz-mpkit.conf'), 'utf8');
    expect(parseConf(text)).toEqual([entry('s390x')]);
  });

  it('is refused where nothing runs at boot', async () => {
    const view = fakeHost(['/bin/sh']);
    await expect(persist(view, [entry('arm64')])).rejects.toMatchObject({ code: 'host-unable' });
  });

  it('is written by the script as the kernel wants it, escapes and all, and only once', () => {
    const folder = scratch();
    const script = formatScript([entry('arm64'), entry('arm')]).replace(
      '/proc/sys/fs/binfmt_misc',
      folder,
    );
    writeFileSync(join(folder, 'register'), '');
    writeFileSync(join(folder, 'mpkit-arm64'), 'enabled');
    writeFileSync(join(folder, 'boot'), script);
    chmodSync(join(folder, 'boot'), 0o755);
    execFileSync(join(folder, 'boot'));
    expect(parseConf(readFileSync(join(folder, 'register'), 'utf8'))).toEqual([entry('arm')]);
  });
});

describe('what a boot registers', () => {
  it('is read from all folders, the stronger file hides the weaker, a masked one is none', () => {
    const view = fakeHost(systemd, {
      '/usr/lib/binfmt.d/a.conf': ':weak:E::a::/x:\n',
      '/etc/binfmt.d/a.conf': '# comment\n; too\n\n|strong|E||a||/x|\n:next:E::b::/x:\n',
      '/usr/lib/binfmt.d/b.conf': ':masked:E::c::/x:\n',
      '/usr/lib/binfmt.d/c.txt': ':no-conf:E::c::/x:\n',
      '/var/lib/binfmts/jar': 'openjdk\nmagic\n0\nPK\n\n/usr/bin/jexec\n',
    });
    symlinkSync('/dev/null', join(view.root, 'etc/binfmt.d/b.conf'));
    expect(bootEntries(view).map(({ name, owner }) => `${name} ${owner}`)).toEqual([
      'strong systemd',
      'next systemd',
      'jar binfmt-support',
    ]);
  });
});

function entry(architecture: string) {
  const { magic, mask } = cpuOf(architecture)!;
  const interpreter = `/usr/lib/mpkit/emulators/qemu-${architecture}-0123456789abcdef`;
  return {
    name: `mpkit-${architecture}`,
    match: { offset: 0, magic, mask },
    interpreter,
    flags: 'PF',
  };
}

function fakeHost(files: string[], texts: Record<string, string> = {}): HostView {
  const root = scratch();
  for (const file of [...files, ...Object.keys(texts)]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), texts[file] ?? '');
  }
  return { root, instance: join(root, 'proc/sys/fs/binfmt_misc') };
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mpkit-boot-'));
  folders.push(folder);
  return folder;
}

/** Files and links; folders that are left empty are no trace. */
function tree({ root }: HostView): string[] {
  const text = execFileSync('find', ['.', '!', '-type', 'd'], { cwd: root, encoding: 'utf8' });
  return text
    .trim()
    .split('\n')
    .map((line) => line.slice(1))
    .sort();
}
