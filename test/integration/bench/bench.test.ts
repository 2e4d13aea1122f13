import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchReport, BuildEstimate, TargetReport } from '../../../src/bench/index.ts';
import {
  type BenchRun,
  benchLine,
  benchStart,
  emptyRun,
  ratioOf as ratioSoFar,
} from '../../../src/tui/state/bench.ts';
import { busyboxBase, emulatorState } from '../../helpers/fixtures.ts';
import { clone, type Outcome, type Project, project } from '../../helpers/mpkit.ts';
import { testUser } from '../../helpers/users.ts';

const isReport = new Ajv({ strict: true }).compile(
  JSON.parse(readFileSync(join(import.meta.dirname, 'report.schema.json'), 'utf8')),
);

const made: Project[] = [];
const place = (user?: Parameters<typeof project>[1]) => {
  const one = project({}, user);
  made.push(one);
  emulatorState(one, user);
  return one;
};
afterAll(() => made.forEach((each) => void each.remove()));

let home: Project;
let base: string;
beforeAll(() => {
  home = place();
  base = busyboxBase(home);
});

const bench = (words: string, options?: Parameters<Project['mpkit']>[1]) =>
  home.mpkit(['bench', '--offline', ...words.split(' ')], options);

describe('mpkit bench', () => {
  it('measures natively and under every platform asked for, as JSON of its schema', async () => {
    const { exitCode, stdout, stderr } = await bench(
      '--json --samples 3 --workload hash,exec --platform linux/arm64,linux/s390x',
    );
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/^=> measuring hash, native: 0 of 18 samples$/m);
    const { targets } = reportIn(stdout);
    expect(targets.map(({ platform, kind }) => [platform, kind])).toEqual([
      ['linux/amd64', 'native'],
      ['linux/arm64', 'emulated'],
      ['linux/s390x', 'emulated'],
    ]);
    for (const target of targets.slice(1)) {
      // a process under QEMU costs milliseconds, a native one less than one; of three turns one may
      // have met others on the machine
      expect(ratioOf(target, 'exec').median).toBeGreaterThan(2);
      expect(target.startup?.high).toBeGreaterThan(1e6);
    }
  });

  it('tells in its events what ends in the report', async () => {
    const { exitCode, stdout, stderr } = await bench(
      '--json --progress rawjson --samples 3 --workload hash,exec --platform linux/s390x',
    );
    expect(exitCode, stderr).toBe(0);
    const [, target] = reportIn(stdout).targets;
    const lines = stderr.trim().split('\n');
    const { run } = lines.reduce(benchLine, { ...benchStart, run: emptyRun });
    const live = ratioSoFar(run as BenchRun, target?.name as string);
    expect(live).toBeGreaterThan(1.5);
    // the report takes the median over turns of what the view takes over samples
    const apart = (live as number) / (target?.overall?.median as number);
    expect(apart).toBeGreaterThan(1 / 3);
    expect(apart).toBeLessThan(3);
  });

  it('gets the right answers on every CPU', async () => {
    const all = '386,arm64,arm/v7,riscv64,ppc64le,s390x,mips64le,mips64,loong64';
    const { exitCode, stdout, stderr } = await bench(
      `-q --json --samples 1 --platform ${all.split(',').map((each) => `linux/${each}`)}`,
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { targets } = reportIn(stdout);
    expect(targets).toHaveLength(10);
    for (const { name, results } of targets) {
      expect(results, name).toHaveLength(10);
      expect(
        results.filter((each) => 'failure' in each),
        name,
      ).toEqual([]);
    }
  });

  it('draws a table and a picture', async () => {
    const { exitCode, stdout } = await bench('--samples 1 --workload hash --svg out/plot.svg', {
      env: { LC_ALL: 'C.UTF-8' },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ {2}hash +[\d.]+× .*█/m);
    expect(readFileSync(join(home.folder, 'out/plot.svg'), 'utf8')).toMatch(/^<\?xml .*<svg /s);
  });

  it('draws the table in ASCII where the locale has nothing else', async () => {
    const { stdout } = await bench('--samples 1 --workload hash', { env: { LC_ALL: 'C' } });
    expect(stdout).toMatch(/^ {2}hash +[\d.]+x .*#/m);
    expect(stdout).not.toMatch(/[^\0-\x7f]/);
  });

  it('measures steps on a base image', async () => {
    const { exitCode, stdout, stderr } = await bench(
      `--json --samples 3 --workload steps --platform linux/arm64 --base oci-layout://${base}`,
    );
    expect(exitCode, stderr).toBe(0);
    const [native, arm64] = reportIn(stdout).targets as [TargetReport, TargetReport];
    const names = ['unpack-step', 'compress-step', 'sort-step', 'shell-step'];
    expect(native.results.map(({ workload }) => workload)).toEqual(names);
    for (const name of names) expect(ratioOf(arm64, name).median, name).toBeGreaterThan(1);
  });

  it.each([
    ['--workload unheard', 2, 'unknown workload `unheard`'],
    ['--workload steps', 2, 'steps need an image to run on'],
    ['--samples 0', 2, 'invalid samples `0`'],
    ['--keep', 2, '`--keep` keeps what'],
    ['--emulators --cpu max', 2, 'give its `--platform` too'],
    ['--build . --cpu max', 2, '`--cpu` names targets'],
    ['--build . --platform linux/arm64', 2, 'not with `--platform`'],
    ['--history --svg picture.svg', 2, 'not with `--svg`'],
    ['--history --workload hash', 2, 'not with `--workload`'],
    ['--json --markdown', 2, 'exclude each other'],
    ['--platform linux/amd64 --emulator 11', 2, 'runs natively here'],
    ['--build nowhere', 1, '`nowhere` is no folder'],
    ['--build .', 1, 'is recorded'],
    ['--emulator 1.2.3', 3, 'no emulator for arm64'],
    ['--cpu unheard', 3, 'does not run `linux/arm64` as CPU `unheard`'],
  ])('%s exits with %i', async (words, code, message) => {
    const { exitCode, stdout, stderr } = await bench(words);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('measures the others where one cannot run, and is not done then', async () => {
    const words =
      '--json --samples 1 --workload hash --platform linux/arm64 --cpu unheard --cpu max';
    const { exitCode, stdout, stderr } = await bench(words);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('as CPU `unheard`');
    expect(reportIn(stdout).targets.map(({ cpu }) => cpu)).toEqual([undefined, 'max']);
  });

  it('stops at SIGTERM', async () => {
    // once it says that it measures; the last to end is mpkit
    const script = `exec 3>&1; { "$0" bench --offline --samples 500 --workload integer 2>&1 >&3 & echo $!; wait $!; echo status $?; } |
      { read pid; while read line; do echo "$line"; case $line in *measuring*) kill -TERM $pid;; esac; done; }`;
    const { stdout } = await home.run(['sh', '-c', script, join(clone, 'bin/mpkit')]);
    expect(stdout).toMatch(/^mpkit: stopped\nstatus 143\n$/m);
  });
});

const user = testUser('range');
it.skipIf(!user.ok)(`an ordinary user can measure too${user.why}`, async () => {
  const words = 'bench --offline --json --samples 1 --workload files,threads';
  const { exitCode, stdout, stderr } = await place(user).mpkit(words.split(' '));
  expect(exitCode, stderr).toBe(0);
  expect(reportIn(stdout).targets).toHaveLength(2);
});

describe('on a machine kept busy by another process', () => {
  it('two runs agree within their stated spread', async () => {
    const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
    const workloads = ['hash', 'branches', 'compress', 'calls'];
    const runs: TargetReport[] = [];
    const ratios = (workload: string) => runs.map((target) => ratioOf(target, workload));
    /** A spread is no certainty, and the other load may change: of three runs two have to agree. */
    const apart = () =>
      [...workloads, 'overall'].filter((workload) =>
        ratios(workload).every((a, at, all) =>
          all.every((b, other) => at === other || a.low > b.high || b.low > a.high),
        ),
      );
    try {
      for (let n = 0; n < 2 || (n < 3 && apart().length > 0); n++) {
        const { stdout, stderr } = await bench(`--json --workload ${workloads}`);
        expect(stderr).not.toContain('failed');
        runs.push(reportIn(stdout).targets[1]!);
      }
    } finally {
      busy.kill('SIGKILL');
    }
    expect(apart().map((workload) => [workload, ratios(workload)])).toEqual([]);
    for (const workload of workloads)
      for (const { low } of ratios(workload)) expect(low, workload).toBeGreaterThan(0);
  });
});

describe('mpkit bench --build', () => {
  it('estimates emulated steps and names the one worth moving', async () => {
    home.write({
      'slow/Dockerfile': `FROM base
RUN n=0; while [ $n -lt 30 ]; do sh -c :; n=$((n + 1)); done
RUN true
`,
    });
    const built = await home.mpkit([
      ...['build', '--offline', '--platform', 'linux/arm64'],
      ...['--build-context', `base=oci-layout://${base}`, 'slow'],
    ]);
    expect(built.exitCode, built.stderr).toBe(0);
    const { exitCode, stdout } = await bench(
      '--json --samples 3 --workload hash,exec --build slow',
    );
    expect(exitCode).toBe(0);
    const { estimate } = reportIn(stdout) as BenchReport & { estimate: BuildEstimate };
    expect(estimate.worthMoving?.text).toContain('while [ $n -lt 30 ]');
    expect(estimate.native).toBeLessThan(estimate.seconds);
    const text = await bench('--samples 1 --workload hash --build slow');
    expect(text.stdout).toContain('worth moving to the build platform: linux/arm64');
  });
});

function reportIn(stdout: Outcome['stdout']): BenchReport {
  const report = JSON.parse(stdout);
  expect(isReport(report), JSON.stringify(isReport.errors)).toBe(true);
  return report;
}

function ratioOf(target: TargetReport, workload: string) {
  if (workload === 'overall') return target.overall!;
  const found = target.results.find((each) => each.workload === workload);
  if (!found || 'failure' in found || !found.ratio) throw new Error(`no ratio of ${workload}`);
  return found.ratio;
}
