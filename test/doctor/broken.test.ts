/**
 * Handlers and instances broken on purpose, on the real kernel: each in a private instance of a
 * namespace that the test makes, so that the host never has them.
 */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinfmtEntry, cpuOf, formatEntry } from '../../src/binfmt/index.ts';
import type { Finding } from '../../src/doctor/index.ts';
import { emulatorPath, listEmulators } from '../../src/emulator/index.ts';
import { emulatorState } from '../helpers/fixtures.ts';
import { hostState, lastingChanges } from '../helpers/host-state.ts';
import { type Project, project } from '../helpers/mpkit.ts';
import { requires } from '../helpers/requires.ts';

const need = requires('unshare');
const arm64 = cpuOf('arm64')!;
const instance = '/proc/sys/fs/binfmt_misc';
const mount = `mount -t binfmt_misc binfmt_misc ${instance}`;

let work: Project;
let emulator: string;
const before = hostState();

beforeAll(async () => {
  if (!need.ok) return;
  work = project();
  emulatorState(work);
  const { emulators } = await listEmulators(work.root);
  const record = emulators.find(({ architecture }) => architecture === 'arm64')!;
  emulator = join(work.folder, 'qemu-aarch64');
  copyFileSync(emulatorPath(work.root, record), emulator);
});

afterAll(async () => {
  work?.remove();
  expect(await lastingChanges(before)).toEqual([]);
});

interface Report {
  findings: Finding[];
  tier: { name: string };
  exitCode: number;
  remedies: string[];
}

/** What `mpkit doctor` says in a namespace in which `script` ran first. */
async function doctorAfter(script: string): Promise<Report> {
  const state = join(work.folder, 'state');
  mkdirSync(state);
  try {
    const doctor = `exec "$0" doctor --json --root ${state}`;
    const words = ['--user', '--map-root-user', '--mount', 'sh', '-ec', `${script}\n${doctor}`];
    const mpkit = join(import.meta.dirname, '../../bin/mpkit');
    const { stdout, stderr, exitCode } = await work.run(['unshare', ...words, mpkit]);
    expect(stderr).toBe('');
    const report = JSON.parse(stdout) as Report;
    expect(report.exitCode).toBe(exitCode);
    return report;
  } finally {
    rmSync(state, { recursive: true });
  }
}

/** The lines that register a handler for arm64, whole but for what is broken. */
function register(broken: Partial<BinfmtEntry> = {}): string {
  const { magic, mask } = arm64;
  const whole = {
    name: 'qemu-aarch64',
    match: { offset: 0, magic, mask },
    interpreter: emulator,
    flags: 'PF',
  };
  work.write({ entry: formatEntry({ ...whole, ...broken }) });
  return `${mount}; cat ${work.folder}/entry > ${instance}/register`;
}

const ofHandler = ({ findings }: Report) =>
  findings.filter(({ subject }) => subject === 'qemu-aarch64');
const grade = (report: Report, id: string) =>
  report.findings.filter((each) => each.id === id).map(({ result }) => result);

describe('a handler', () => {
  it.skipIf(!need.ok)(`that is whole is executed and found good${need.why}`, async () => {
    const report = await doctorAfter(register());
    expect(ofHandler(report)).toEqual([
      {
        id: 'handler.runs',
        subject: 'qemu-aarch64',
        result: 'ok',
        observed: 'runs `linux/arm64`, also in an empty root folder',
      },
    ]);
    expect(report.tier.name).toBe('private namespace');
  });

  it.skipIf(!need.ok).each<[string, () => string, string]>([
    [
      'with a dynamic interpreter',
      () => {
        mkdirSync(join(work.folder, 'dynamic'), { recursive: true });
        copyFileSync('/bin/cat', join(work.folder, 'dynamic/qemu-aarch64'));
        return register({ interpreter: join(work.folder, 'dynamic/qemu-aarch64') });
      },
      'handler.static',
    ],
    ['without F', () => register({ flags: 'P' }), 'handler.flags'],
    [
      'whose file is gone',
      () => register({ flags: 'P', interpreter: '/nonexistent/qemu-aarch64' }),
      'handler.file',
    ],
    [
      'that is disabled',
      () => `${register()}; echo 0 > ${instance}/qemu-aarch64`,
      'handler.enabled',
    ],
    [
      'whose mask misses position-independent programs',
      () => register({ match: { offset: 0, magic: arm64.magic, mask: changed(16, 0xff) } }),
      'handler.mask',
    ],
    [
      'whose mask catches another CPU',
      // 0xb7 (arm64) and 0xf3 (riscv64) differ in these two bits
      () => register({ match: { offset: 0, magic: arm64.magic, mask: changed(18, 0xff ^ 0x44) } }),
      'handler.mask',
    ],
  ])(`%s is a problem with a name and a remedy${need.why}`, async (_, script, id) => {
    const report = await doctorAfter(script());
    const found = ofHandler(report).filter((each) => each.id === id);
    expect(found).toMatchObject([{ result: 'problem', remedy: expect.stringMatching(/./) }]);
    expect(ofHandler(report).map((each) => each.id)).not.toContain('handler.runs');
    expect(report.remedies).toContain(found[0]?.remedy);
    expect(report.exitCode).toBe(1);
  });

  it.skipIf(!need.ok)(
    `that the kernel holds although its file is gone is told${need.why}`,
    async () => {
      const copy = join(work.folder, 'gone/qemu-aarch64');
      mkdirSync(join(work.folder, 'gone'), { recursive: true });
      copyFileSync(emulator, copy);
      const report = await doctorAfter(`${register({ interpreter: copy })}; rm ${copy}`);
      expect(ofHandler(report)).toMatchObject([{ id: 'handler.file', result: 'warning' }]);
      expect(report.exitCode).toBe(0);
    },
  );
});

describe('an instance', () => {
  it.skipIf(!need.ok)(`that is switched off as a whole is a problem${need.why}`, async () => {
    const report = await doctorAfter(`${register()}; echo 0 > ${instance}/status`);
    expect(grade(report, 'binfmt.enabled')).toEqual(['problem']);
    expect(report.remedies).toContain(`echo 1 > ${instance}/status`);
  });

  it.skipIf(!need.ok)(`that is empty and hides the host's is told${need.why}`, async () => {
    const report = await doctorAfter(mount);
    expect(grade(report, 'binfmt.instance')).toEqual(['warning']);
    expect(report.remedies).toContain(`umount ${instance}`);
  });

  it.skipIf(!need.ok)(`that is not mounted is told${need.why}`, async () => {
    const report = await doctorAfter(`mount -t tmpfs tmpfs ${instance}`);
    expect(grade(report, 'binfmt.mounted')).toEqual(['note']);
    expect(grade(report, 'binfmt.enabled')).toEqual([]);
  });

  it.skipIf(!need.ok)(`that is mounted read-only is told${need.why}`, async () => {
    const report = await doctorAfter(`${register()}; mount -o remount,bind,ro ${instance}`);
    const found = report.findings.find(({ id }) => id === 'binfmt.access');
    expect(found).toMatchObject({
      result: 'warning',
      observed: expect.stringContaining('read-only'),
    });
  });
});

function changed(at: number, value: number): Buffer {
  const mask = Buffer.from(arm64.mask);
  mask[at] = value;
  return mask;
}
