/** `mpkit doctor` on the machine that runs the tests. */
import { chownSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Examination, Trials } from '../../src/doctor/index.ts';
import { emulatorState } from '../helpers/fixtures.ts';
import { hostState, lastingChanges } from '../helpers/host-state.ts';
import { clone, type Project, project } from '../helpers/mpkit.ts';
import { timesAsLong } from '../helpers/speed.ts';
import { testUser } from '../helpers/users.ts';

type Report = Examination & { trials: Trials };

const schema = JSON.parse(readFileSync(join(clone, 'src/doctor/report.schema.json'), 'utf8'));
const check = new Ajv2020({ allErrors: true }).compile(schema);
const errors = (report: unknown) => (check(report) ? [] : check.errors);

let work: Project;
afterEach(() => work.remove());

const doctor = async (...words: string[]) => {
  const { stdout, stderr, exitCode } = await work.mpkit(['doctor', ...words]);
  expect(stderr).toBe('');
  return { stdout, exitCode };
};
const json = async (...words: string[]): Promise<Report> =>
  JSON.parse((await doctor('--json', ...words)).stdout) as Report;

describe('with emulators in the store', () => {
  beforeEach(() => {
    work = project();
    emulatorState(work);
  });

  it('executes a program of every CPU, and changes nothing of the host', async () => {
    const before = hostState();
    const report = await json();
    expect(await lastingChanges(before)).toEqual([]);
    expect(errors(report)).toEqual([]);
    expect(report.trials.inside?.platforms).toHaveLength(10);
    const rows = [...report.platforms.usable, ...report.platforms.unusable];
    for (const { platform, ran } of report.trials.inside?.platforms ?? [])
      expect(rows.find((row) => row.platform === platform)?.way === 'none').toBe(!ran);
    if (report.trials.inside?.binfmt === 'private') {
      expect(report.tier).toMatchObject({ name: 'private namespace', executed: true });
      expect(report.platforms.unusable).toEqual([]);
    }
  });

  it('speaks in lines of 100 columns, without colour, and ends with what to do', async () => {
    const { stdout } = await doctor('--all');
    const lines = stdout.split('\n');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(stdout).not.toContain('\u001b');
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
    const order = [/^tier: /m, /^mpkit builds and runs here/m, /^(what would|nothing needs)/m];
    const places = order.map((each) => stdout.search(each));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(stdout).toMatch(/^ {2}linux\/arm64 .*uname says aarch64$/m);
  });

  it('hides what is fine unless asked, and says so', async () => {
    const { stdout } = await doctor();
    expect(stdout).toMatch(/^ok +\d+ other checks/m);
    expect(stdout.match(/^ok /gm)).toHaveLength(1);
  });

  it('needs less than thirty starts of node', async () => {
    // as long as the other, so that a busy machine has both or neither
    const ten = async () => {
      for (let left = 10; left > 0; left--) await work.run([process.execPath, '-e', '0']);
    };
    expect(await timesAsLong(() => doctor(), ten, 3)).toBeLessThan(3);
  });

  it('adds what takes longer where asked', async () => {
    const report = await json('--thorough');
    expect(errors(report)).toEqual([]);
    expect(report.trials.inside?.thorough).toMatchObject({ milliseconds: expect.any(Number) });
  });
});

describe('with an empty store', () => {
  it('names the command that fetches emulators, and what can be run without', async () => {
    work = project();
    const report = await json();
    expect(errors(report)).toEqual([]);
    expect(report.platforms.usable.map(({ platform }) => platform)).toContain('linux/amd64');
    if (report.trials.inside?.emulators.length === 0)
      expect(report.remedies).toContain('mpkit emulator add');
  });
});

const user = testUser('range');
const plain = testUser('plain');

it.skipIf(!user.ok)(`maps the range of an ordinary user for real${user.why}`, async () => {
  work = project({}, user);
  emulatorState(work, user);
  const report = await json();
  expect(errors(report)).toEqual([]);
  expect(report.trials.inside).toMatchObject({ ids: 'helper', idCount: 65537 });
  expect(report.findings.find(({ id }) => id === 'ids.mapped')?.result).toBe('ok');
});

it.skipIf(!plain.ok)(`tells a user without a range what mends it${plain.why}`, async () => {
  work = project({}, plain);
  emulatorState(work, plain);
  const report = await json();
  const found = report.findings.find(({ id }) => id === 'ids.range');
  expect(found).toMatchObject({ result: 'warning', remedy: expect.stringContaining('usermod') });
  expect(report.platforms.usable.map(({ platform }) => platform)).toContain('linux/arm64');
});

it.skipIf(process.getuid?.() !== 0)(
  'says whose the state folder is where it is refused (only root can give one away)',
  async () => {
    work = project({ 'foreign/file': '' });
    const folder = join(work.folder, 'foreign');
    chownSync(folder, 12_345, 12_345);
    const report = await json('--root', folder);
    expect(errors(report)).toEqual([]);
    const found = report.findings.find(({ id }) => id === 'state.access');
    const observed = expect.stringContaining('belongs to user 12345');
    expect(found).toMatchObject({ result: 'problem', observed });
    expect(report.trials.namespace.stateRefused).toBe(true);
    expect([1, 3]).toContain(report.exitCode);
    expect(statSync(folder).uid).toBe(12_345);
  },
);

it('names the state folder, not user namespaces, where no folder can be made', async () => {
  work = project();
  const report = await json('--root', '/proc');
  expect(errors(report)).toEqual([]);
  const found = (id: string) => report.findings.find((each) => each.id === id);
  const remedy = expect.stringContaining('`--root`');
  expect(found('state.access')).toMatchObject({ result: 'problem', remedy });
  expect(found('userns.create')?.result).toBe('cannot tell');
  expect(report.tier.why).not.toContain('user namespace');
});

it('lists what it will do before it does it, and says what failed', async () => {
  work = project();
  const env = { MPKIT_OFFLINE: '1', SUDO_USER: undefined };
  const { stdout, stderr } = await work.mpkit(['doctor', '--fix', '--json'], { env });
  const report = JSON.parse(stdout) as Report;
  expect(errors(report)).toEqual([]);
  // where the host has emulators of its own, the first look has taken them over
  if (report.trials.inside?.emulators.length !== 0) return;
  const lines = stderr.split('\n');
  const at = (text: string) => lines.findIndex((line) => line.startsWith(text));
  expect(at('to do: `mpkit emulator add`')).toBeGreaterThanOrEqual(0);
  expect(at('doing `mpkit emulator add`')).toBeGreaterThan(at('to do: `mpkit emulator add`'));
  expect(at('failed: exit status')).toBeGreaterThan(at('doing `mpkit emulator add`'));
});

it('refuses what it does not understand', async () => {
  work = project();
  const { exitCode, stderr } = await work.mpkit(['doctor', 'arm64']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('`doctor` takes no argument');
});
