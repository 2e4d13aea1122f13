/** Recorded hosts: what the doctor says about each, without touching the one that runs the test. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examinationText } from '../../src/cli/doctor-text.ts';
import { checks, type Examination, examine, fixesFor } from '../../src/doctor/index.ts';
import type { PlatformTrial } from '../../src/doctor/trials/trial.ts';
import { recordedHost, recordedHosts } from '../helpers/recorded-host.ts';

interface Expected {
  tier: string;
  exitCode: number;
  /** Every finding that is neither fine nor a note. */
  bad: string[];
  remedies?: string[];
}

const expected: Record<string, Expected> = {
  'debian-11': {
    tier: 'host handlers',
    exitCode: 1,
    bad: ['overlay.userxattr problem'],
    remedies: ['Upgrade the kernel to 5.11 or later'],
  },
  'debian-12': {
    tier: 'none',
    exitCode: 3,
    bad: ['ids.helpers warning'],
    remedies: ['mpkit binfmt install all', 'apt-get install uidmap'],
  },
  'debian-13': { tier: 'private namespace', exitCode: 0, bad: [] },
  'ubuntu-22.04': { tier: 'host handlers', exitCode: 0, bad: [] },
  'ubuntu-24.04': {
    tier: 'none',
    exitCode: 3,
    bad: ['userns.apparmor problem'],
    remedies: ['sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'],
  },
  'fedora-41': { tier: 'private namespace', exitCode: 0, bad: [] },
  'alpine-3.20': {
    tier: 'none',
    exitCode: 3,
    bad: [
      'ids.range warning',
      'ids.helpers warning',
      'binfmt.support warning',
      'binfmt.mounted problem',
    ],
    remedies: ['apk add shadow-uidmap', 'modprobe binfmt_misc'],
  },
  'amazon-linux-2023': {
    tier: 'none',
    exitCode: 3,
    bad: [],
    remedies: ['mpkit binfmt install all'],
  },
  'wsl-2': { tier: 'none', exitCode: 3, bad: [], remedies: ['mpkit binfmt install all'] },
  'docker-unprivileged': {
    tier: 'none',
    exitCode: 3,
    bad: ['userns.create problem', 'userns.seccomp problem'],
    remedies: ['docker run --security-opt seccomp=unconfined ...'],
  },
  'lxc-unprivileged': { tier: 'private namespace', exitCode: 0, bad: [] },
  'github-runner': {
    tier: 'none',
    exitCode: 3,
    bad: ['userns.apparmor problem'],
    remedies: ['sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'],
  },
};

it('expects something of every recorded host', () => {
  const folders = readdirSync(recordedHosts, { withFileTypes: true });
  const names = folders.filter((each) => each.isDirectory()).map(({ name }) => name);
  expect(names.sort()).toEqual(Object.keys(expected).sort());
});

describe.each(Object.entries(expected))('%s', (name, { tier, exitCode, bad, remedies = [] }) => {
  const host = recordedHost(name);
  const report = examine(host);

  it('gets its tier, its exit status and the findings that it deserves', () => {
    const grave = report.findings.filter(
      ({ id, result }) => ['warning', 'problem'].includes(result) && id !== 'neighbours',
    );
    expect(grave.map(({ id, result }) => `${id} ${result}`)).toEqual(bad);
    expect(report).toMatchObject({ tier: { name: tier, executed: 'trials' in host }, exitCode });
    expect(report.remedies).toEqual(expect.arrayContaining(remedies));
  });

  it('is told in 100 columns, with an answer from every check that may not be silent', () => {
    const text = examinationText(report, { all: true });
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
    const silent = checks.filter(({ id }) => !report.findings.some((each) => each.id === id));
    const mayBeSilent =
      /^(handler|neighbours|emulator\.|sandbox\.proc|userns\.(apparmor|limit|unprivileged|seccomp)|ids\.helpers|binfmt\.(access|enabled|instance))/;
    expect(silent.map(({ id }) => id).filter((id) => !mayBeSilent.test(id))).toEqual([]);
  });
});

const observed = (name: string, id: string) =>
  examine(recordedHost(name)).findings.find((each) => each.id === id)?.observed;

it.each([
  ['wsl-2', 'Ubuntu 24.04.1 LTS, WSL 2, virtual machine'],
  ['docker-unprivileged', 'Debian GNU/Linux 12 (bookworm), Docker container, virtual machine'],
  [
    'lxc-unprivileged',
    'Debian GNU/Linux 12 (bookworm), LXC container, in a user namespace, virtual machine',
  ],
  ['github-runner', 'Ubuntu 24.04.1 LTS, GitHub runner, virtual machine (Microsoft Corporation)'],
  ['amazon-linux-2023', 'Amazon Linux 2023.6.20250115, virtual machine (Amazon EC2)'],
])('%s is told as what it is', (name, text) => expect(observed(name, 'host.kind')).toBe(text));

it('knows what the CPU runs by itself', () => {
  expect(observed('debian-12', 'cpu.native')).toBe(
    'x86_64: linux/amd64, linux/amd64/v2, linux/amd64/v3, linux/386',
  );
  expect(observed('amazon-linux-2023', 'cpu.native')).toBe('aarch64: linux/arm64');
});

it('says of no 32-bit programs that the CPU runs them where the kernel refused to', () => {
  const tried = (kind: 'native' | 'emulated' | undefined) => {
    const platforms: PlatformTrial[] = [
      { platform: 'linux/amd64', ran: true, kind: 'native', machine: 'x86_64' },
      { platform: 'linux/386', ran: kind !== undefined, machine: 'i686', ...(kind && { kind }) },
    ];
    const inside = {
      ...({ ids: 'helper', idCount: 65_536, binfmt: 'private', overlayError: '' } as const),
      ...{ network: '', emulators: [], platforms },
    };
    const trials = { namespace: { made: true, warnings: [] }, host: [], inside };
    const { findings } = examine(recordedHost('fedora-41', { trials }));
    return findings.find(({ id }) => id === 'cpu.native')?.observed;
  };
  expect(tried('native')).toContain('linux/386');
  expect(tried('emulated')).not.toContain('linux/386');
  expect(tried(undefined)).not.toContain('linux/386');
});

it('reads delegation of cgroups', () =>
  expect(observed('fedora-41', 'cgroup.delegation')).toBe(
    'cgroup version 2, delegated to us (cpu memory pids)',
  ));

it('judges handlers of programs only', () => {
  const subjects = examine(recordedHost('ubuntu-22.04')).findings.map(({ subject }) => subject);
  expect(subjects).toContain('qemu-aarch64');
  expect(subjects).not.toContain('python3.10');
});

it('lists no platform as usable where overlayfs does not work', () => {
  const withOverlay = (overlayError: string) =>
    examine(
      recordedHost('fedora-41', {
        trials: {
          ...{ namespace: { made: true, warnings: [] }, host: [] },
          inside: {
            ...{ ids: 'helper', idCount: 65_536, binfmt: 'private', overlayError },
            ...{ network: '', emulators: [] },
            platforms: [
              { platform: 'linux/amd64', ran: true, kind: 'native', machine: 'x86_64' },
              {
                ...{ platform: 'linux/arm64', ran: true, kind: 'emulated' },
                ...{ machine: 'aarch64', version: '9.1' },
              },
            ],
          },
        },
      }),
    );
  const platforms = ({ platforms: { usable } }: Examination) =>
    usable.map(({ platform }) => platform);
  expect(platforms(withOverlay(''))).toContain('linux/arm64');
  const report = withOverlay('mount failed: EINVAL');
  expect(report.tier.name).toBe('none');
  expect(platforms(report)).toEqual([]);
  expect(new Set(report.platforms.unusable.map(({ way }) => way))).toEqual(new Set(['none']));
  const text = examinationText(report, { all: false });
  expect(text).toContain('nothing can be built without overlayfs');
  expect(text).not.toContain('builds and runs here');
});

it('says once which handlers were not tried', () => {
  const host = recordedHost('ubuntu-22.04');
  const instance = mkdtempSync(join(tmpdir(), 'mpkit-handlers-'));
  for (const name of ['qemu-aarch64', 'qemu-aarch64-2'])
    copyFileSync(join(host.view.instance, 'qemu-aarch64'), join(instance, name));
  const { findings } = examine({ ...host, view: { ...host.view, instance } });
  rmSync(instance, { recursive: true });
  const untried = findings.filter(
    ({ id, result }) => id === 'handler.runs' && result === 'cannot tell',
  );
  expect(untried).toHaveLength(1);
  expect(untried[0]?.observed).toMatch(/^2 handlers .*`qemu-aarch64.*`, `qemu-aarch64/);
});

describe('a fix', () => {
  const root = { uid: 0, gid: 0, name: 'root' };
  const commands = (name: string, changes: Parameters<typeof recordedHost>[1]) => {
    const host = recordedHost(name, changes);
    return fixesFor(host, examine(host)).map(({ command }) => command.join(' '));
  };

  it('is for root only, and mounts where builds need the handlers of the host', () => {
    expect(commands('alpine-3.20', {})).toEqual([]);
    expect(commands('alpine-3.20', { user: root })).toEqual([
      'modprobe binfmt_misc',
      'mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc',
    ]);
  });

  it('leaves a host alone that needs nothing', () =>
    expect(commands('debian-13', { user: root })).toEqual([]));
});
