import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BenchReport } from '../../../src/bench/index.ts';
import { emulatorState } from '../../helpers/fixtures.ts';
import type { ListedEmulator } from '../../helpers/listed-emulator.ts';
import { type Project, project } from '../../helpers/mpkit.ts';
import { oldEmulator } from '../../helpers/old-emulator.ts';
import { testUser } from '../../helpers/users.ts';
import { stepOutput, type Workplace, workplace } from '../build/workplace.ts';

const old = oldEmulator();
const user = testUser('range');

let place: Workplace;
beforeAll(() => {
  place = workplace();
});
beforeEach(() => rmSync(join(place.root, 'emulators/choices.json'), { force: true }));
afterAll(() => place.remove());

const choose = (...words: string[]) => place.mpkit(['emulator', 'choose', ...words]);
const chosenIn = async (home: Project) => {
  const { stdout } = await home.mpkit(['emulator', 'ls', '--json']);
  const listed = JSON.parse(stdout) as ListedEmulator[];
  return listed
    .filter(({ chosen }) => chosen)
    .map(({ architecture, version, cpu }) => `${architecture} ${version} ${cpu}`);
};
const newest = async () => {
  const { stdout } = await place.mpkit(['emulator', 'ls', '--json']);
  return (JSON.parse(stdout) as ListedEmulator[]).find(
    ({ architecture }) => architecture === 'arm64',
  )!;
};

/** AT_HWCAP: what the emulated CPU can do. */
const capabilities = "od -t x8 /proc/self/auxv | sed -n 's/.* 0000000000000010 /hwcap /p'";
const cortexA53 = 'hwcap 00000000000008fb';

const run = async () => {
  const words = ['run', '--offline', '--verbose', '--platform', 'linux/arm64'];
  const image = `oci-layout://${place.base}`;
  const { exitCode, stdout, stderr } = await place.mpkit([
    ...[...words, '--network', 'none', image, '--', 'sh', '-c', capabilities],
  ]);
  return { exitCode, stdout: stdout.trim(), stderr, version: /by QEMU (\S+)/.exec(stderr)?.[1] };
};

describe('a chosen CPU model', () => {
  it('is what runs, builds and benchmarks get, until it is taken back', async () => {
    const { version } = await newest();
    const before = await run();
    expect(before.stdout).toMatch(/^hwcap [0-9a-f]{16}$/);
    expect(before.stdout).not.toBe(cortexA53);
    const { exitCode, stderr } = await choose('arm64', version, '--cpu', 'cortex-a53');
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^chosen for arm64: QEMU \S+ [0-9a-f]{12} as CPU cortex-a53$/m),
    });
    expect(await chosenIn(place)).toEqual([`arm64 ${version} cortex-a53`]);
    expect((await run()).stdout).toBe(cortexA53);
    const built = await place.build({
      dockerfile: `FROM base\nRUN ${capabilities}\n`,
      args: ['--platform', 'linux/arm64', '--no-cache', '--progress', 'plain'],
    });
    expect(stepOutput(built.stderr)).toContain(cortexA53);
    const measured = await place.mpkit([
      ...['bench', '--offline', '--json', '--samples', '1', '--workload', 'hash'],
    ]);
    const { targets } = JSON.parse(measured.stdout) as BenchReport;
    expect(targets[1]).toMatchObject({ emulator: { version }, cpu: 'cortex-a53' });
    expect((await choose('arm64', '--default')).exitCode).toBe(0);
    expect(await chosenIn(place)).toEqual([]);
    expect((await run()).stdout).toBe(before.stdout);
  });

  it('is refused where the emulator refuses it, and the last choice stays', async () => {
    const { version, digest } = await newest();
    await choose('arm64', version, '--cpu', 'cortex-a53');
    const { exitCode, stderr } = await choose('arm64', digest, '--cpu', 'unheard');
    expect(exitCode).toBe(3);
    expect(stderr).toContain(
      `QEMU ${version} does not run \`linux/arm64\` as CPU \`unheard\` here`,
    );
    expect(await chosenIn(place)).toEqual([`arm64 ${version} cortex-a53`]);
    // the remedy is a command that can be typed
    const [, program] = /^hint: `(\S+) -cpu help`/m.exec(stderr) ?? [];
    const help = await place.run([program!, '-cpu', 'help']);
    expect(help.stdout).toContain('cortex-a53');
  });

  it('that stopped working is named, with the way back', async () => {
    const { digest } = await newest();
    const path = join(place.root, 'emulators/choices.json');
    writeFileSync(path, JSON.stringify({ arm64: { digest, cpu: 'unheard' } }));
    const { exitCode, stderr } = await run();
    expect(exitCode).toBe(3);
    expect(stderr).toContain('as CPU `unheard` here');
    expect(stderr).toContain('`mpkit emulator choose arm64 --default`');
    await choose('arm64', '--default');
    expect((await run()).exitCode).toBe(0);
  });
});

it('keeps what several processes choose for different CPUs at once', async () => {
  const { version } = await newest();
  const names = ['arm', 'arm64', 'ppc64le', 'riscv64', 's390x'];
  const ended = await Promise.all(names.map((each) => choose(each, version)));
  const failed = ended.filter(({ exitCode }) => exitCode !== 0);
  expect(failed.map(({ stderr }) => stderr)).toEqual([]);
  expect(await chosenIn(place)).toEqual(names.map((each) => `${each} ${version} default`));
});

describe.skipIf(!old.ok)(`an older QEMU beside the newest${old.why}`, () => {
  it('runs what it was chosen for until it is removed, which says so', async () => {
    const { version } = await newest();
    expect((await place.mpkit(['emulator', 'add', old.path])).exitCode).toBe(0);
    expect((await run()).version).toBe(version);
    expect((await choose('linux/arm64/v8', '7.2')).exitCode).toBe(0);
    expect((await run()).version).toMatch(/^7\.2\./);
    const { stderr } = await place.build({
      dockerfile: 'FROM base\nRUN true\n',
      args: ['--platform', 'linux/arm64', '--no-cache', '--progress', 'plain'],
    });
    expect(stderr).toMatch(/QEMU 7\.2\./);
    const removed = await place.mpkit(['emulator', 'rm', '7.2']);
    expect(removed.stderr).toMatch(/^removed arm64 7\.2\.\d+ \S+, which was chosen for arm64$/m);
    expect((await run()).version).toBe(version);
    // added again it is one of several, and nobody's choice
    await place.mpkit(['emulator', 'add', old.path]);
    expect((await run()).version).toBe(version);
    await place.mpkit(['emulator', 'rm', '7.2']);
  });
});

it.skipIf(!user.ok)(`is an ordinary user’s own choice${user.why}`, async () => {
  const home = project({}, user);
  try {
    emulatorState(home, user);
    const { exitCode, stderr } = await home.mpkit(['emulator', 'choose', 's390x', '1']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('no stored emulator of s390x is named by `1`, found ');
    const [, version] = /found (\S+)/.exec(stderr) ?? [];
    const chosen = await home.mpkit(['emulator', 'choose', 's390x', version!]);
    expect(chosen.exitCode, chosen.stderr).toBe(0);
    expect(await chosenIn(home)).toEqual([`s390x ${version} default`]);
  } finally {
    home.remove();
  }
});
