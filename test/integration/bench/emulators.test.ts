import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BenchReport, Recommendation } from '../../../src/bench/index.ts';
import { busyboxBase, emulatorState } from '../../helpers/fixtures.ts';
import { type Project, project } from '../../helpers/mpkit.ts';
import { oldEmulator } from '../../helpers/old-emulator.ts';

const old = oldEmulator();

const made: Project[] = [];
afterAll(() => made.forEach((each) => void each.remove()));

async function bothVersions(): Promise<Project> {
  const one = project();
  made.push(one);
  emulatorState(one);
  const { exitCode, stderr } = await one.mpkit(['emulator', 'add', old.path]);
  expect(exitCode, stderr).toBe(0);
  return one;
}

describe.skipIf(!old.ok)(`with QEMU 7.2 beside the newest${old.why}`, () => {
  it('finds that its default CPU is slow, recommends a better choice and keeps it', async () => {
    const home = await bothVersions();
    const words = '--emulators --keep --json --platform linux/arm64 --samples 6';
    const { exitCode, stdout, stderr } = await home.mpkit([
      ...['bench', '--offline', ...words.split(' '), '--workload', 'branches,hash,calls'],
    ]);
    expect(exitCode, stderr).toBe(0);
    const { targets, recommendations } = JSON.parse(stdout) as BenchReport & {
      recommendations: [Recommendation];
    };
    const of = (version: RegExp, cpu: RegExp) =>
      targets.find(
        (each) => version.test(each.emulator?.version ?? '') && cpu.test(each.cpu ?? ''),
      )!;
    const slow = of(/^7\.2/, /^default$/);
    const plain = of(/^7\.2/, /pauth=off/);
    expect(slow.overall!.low).toBeGreaterThan(plain.overall!.high);
    const [{ best, digest, cpu, reason }] = recommendations;
    expect(best).not.toBe(slow.name);
    expect(reason).toContain(`${slow.name} takes`);
    const kept = targets.find(({ name }) => name === best)!;
    expect({ digest, cpu }).toEqual({ digest: kept.emulator!.digest, cpu: kept.cpu });
    expect(await usedBy(home)).toBe(kept.emulator!.version);
  });

  it('runs by what was kept instead of by the newest, until that is removed', async () => {
    const home = await bothVersions();
    const newest = await usedBy(home);
    const { stdout } = await home.mpkit(['emulator', 'ls', '--json']);
    const stored = JSON.parse(stdout) as {
      architecture: string;
      version: string;
      digest: string;
    }[];
    const other = stored.find((each) => each.architecture === 'arm64' && each.version !== newest)!;
    writeFileSync(
      join(home.root, 'emulators/choices.json'),
      JSON.stringify({ arm64: { digest: other.digest, cpu: 'cortex-a72' } }),
    );
    expect(await usedBy(home)).toBe(other.version);
    await home.mpkit(['emulator', 'rm', other.digest]);
    expect(await usedBy(home)).toBe(newest);
  });

  it('takes versions and CPU models by name', async () => {
    const home = await bothVersions();
    const words = '--platform linux/arm64 --emulator 7.2 --cpu default --cpu cortex-a72';
    const { stdout } = await home.mpkit([
      ...['bench', '--offline', '--json', '--samples', '1', '--workload', 'hash'],
      ...words.split(' '),
    ]);
    const { targets } = JSON.parse(stdout) as BenchReport;
    expect(
      targets.slice(1).map(({ emulator, cpu }) => [emulator?.version.slice(0, 3), cpu]),
    ).toEqual([
      ['7.2', 'default'],
      ['7.2', 'cortex-a72'],
    ]);
  });
});

it('compares `max` where the emulator has it, and the models that are asked for', async () => {
  const home = project();
  made.push(home);
  emulatorState(home);
  const compare = async (platform: string, ...more: string[]) => {
    const words = `--emulators --json --samples 1 --workload hash --platform ${platform}`;
    const { exitCode, stdout, stderr } = await home.mpkit([
      ...['bench', '--offline', ...words.split(' '), ...more],
    ]);
    expect(exitCode, stderr).toBe(0);
    const { targets } = JSON.parse(stdout) as BenchReport;
    return { stderr, models: targets.slice(1).map(({ cpu }) => cpu) };
  };
  const { models } = await compare('linux/arm64', '--cpu', 'cortex-a72');
  expect(models).toEqual(['default', 'cortex-a72', 'max']);
  const without = await compare('linux/mips64le');
  expect(without.models).toEqual(['default']);
  expect(without.stderr).toContain('as CPU `max`');
});

it('has nothing to compare in an empty store', async () => {
  const home = project();
  made.push(home);
  const { exitCode, stderr } = await home.mpkit(['bench', '--offline', '--emulators']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('nothing to compare');
});

describe('an emulator that is fast and wrong', () => {
  it('is found out by its answers and never recommended', async () => {
    const home = project({ 'wrong.c': wrongEmulator });
    made.push(home);
    emulatorState(home);
    const compiled = await home.run(['cc', '-static', '-O1', '-o', 'wrong', 'wrong.c']);
    expect(compiled.exitCode, compiled.stderr).toBe(0);
    const added = await home.mpkit(['emulator', 'add', join(home.folder, 'wrong')]);
    expect(added.exitCode, added.stderr).toBe(0);
    const words = '--emulators --json --platform linux/arm64 --samples 1';
    const { exitCode, stdout, stderr } = await home.mpkit([
      ...['bench', '--offline', ...words.split(' '), '--workload', 'integer,hash'],
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('workload `hash` went wrong under QEMU 99.0.0: exit status 10');
    const { targets, recommendations } = JSON.parse(stdout) as BenchReport & {
      recommendations: [Recommendation];
    };
    const wrong = targets.find(({ emulator }) => emulator?.version === '99.0.0')!;
    expect(wrong.results).toEqual([
      expect.objectContaining({ workload: 'integer', ratio: expect.anything() }),
      { workload: 'hash', failure: expect.stringContaining('went wrong') },
    ]);
    expect(wrong).not.toHaveProperty('overall');
    expect(recommendations[0].digest).not.toBe(wrong.emulator!.digest);
  });
});

/** Passes for QEMU until it has to compute: [interpreter, path, argv[0], arguments…]. */
const wrongEmulator = `#include <stdio.h>
#include <string.h>
int main(int count, char **words) {
  if (count == 2 && !strcmp(words[1], "--version")) return puts("qemu-aarch64 version 99.0.0"), 0;
  if (count < 6)
    return puts("mpkit-probe 1 machine=aarch64 argv0=ok child=ok thread=ok signal=ok offset=ok"), 0;
  int right = strcmp(words[4], "hash") != 0;
  printf("mpkit-bench 1 %s rounds=%s ns=76000000 result=12345678 %s\\n", words[4], words[5],
         right ? "right" : "wrong");
  return right ? 0 : 10;
}
`;

/** The version of QEMU that runs arm64 here. */
async function usedBy(home: Project): Promise<string | undefined> {
  const base = join(home.root, '../base');
  const image = `oci-layout://${existsSync(base) ? base : busyboxBase(home)}`;
  const words = ['run', '--offline', '--verbose', '--platform', 'linux/arm64', image];
  const { stderr } = await home.mpkit([...words, '--', 'true']);
  return /by QEMU (\S+)/.exec(stderr)?.[1];
}
