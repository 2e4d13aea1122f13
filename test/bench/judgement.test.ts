import { describe, expect, it } from 'vitest';
import { readLine } from '../../src/bench/execute.ts';
import { estimateBuild, type RecordedStep, recommend } from '../../src/bench/index.ts';
import { calibrate } from '../../src/bench/measure.ts';
import { reportOf } from './reports.ts';

describe('a program’s line', () => {
  const line = 'mpkit-bench 1 hash rounds=20 ns=386014 result=d010f6d7 right\n';
  it('is its time', () => expect(readLine(line, 'hash', 20)).toBe(386_014));
  it.each([
    ['a wrong answer', line.replace('right', 'wrong'), 'hash', 20],
    ['rounds that were not asked for', line, 'hash', 21],
    ['another workload', line, 'exec', 20],
    ['something before it', `qemu: warning\n${line}`, 'hash', 20],
    ['nothing', '', 'hash', 20],
  ])('%s counts as none', (_, text, name, rounds) =>
    expect(readLine(text, name, rounds)).toBeUndefined(),
  );
});

describe('calibrate', () => {
  it.each([
    [15_000, 5000],
    [400_000, 188],
    [30_000_000, 3],
    [900_000_000, 1],
  ])('a round of %i ns is done %i times', async (round, rounds) => {
    const run = async (count: number) => ({ nanoseconds: count * round });
    expect(await calibrate(run, { kind: 'program' })).toBe(rounds);
  });

  it('ends with a clock that stands still', async () => {
    const run = async () => ({ nanoseconds: 0 });
    expect(await calibrate(run, { kind: 'program' })).toBe(1e8);
  });
});

describe('recommend', () => {
  const best = (...targets: Parameters<typeof reportOf>[0]) =>
    recommend(reportOf(targets).targets).map((each) => each.best);

  it('takes the fastest of each platform', () =>
    expect(
      best(
        { name: 'slow', ratio: 40 },
        { name: 'fast', ratio: 4 },
        { name: 'other', ratio: 9, platform: 'linux/s390x' },
      ),
    ).toEqual(['fast', 'other']));

  it('keeps the first of those that measure the same', () =>
    expect(best({ name: 'newest', ratio: 4.1 }, { name: 'older', ratio: 4 })).toEqual(['newest']));

  it('never takes one that gave a wrong answer', () =>
    expect(best({ name: 'wrong', ratio: 1, failing: true }, { name: 'right', ratio: 20 })).toEqual([
      'right',
    ]));

  it('says why', () => {
    const { targets } = reportOf([
      { name: 'slow', ratio: 40 },
      { name: 'fast', ratio: 4 },
    ]);
    expect(recommend(targets)).toEqual([
      {
        ...{ platform: 'linux/arm64', best: 'fast', cpu: 'default' },
        digest: `sha256:${'1'.repeat(64)}`,
        reason: '4.0 times native; slow takes 40.0 times native',
      },
    ]);
  });
});

describe('estimateBuild', () => {
  const step = (name: string, more: Partial<RecordedStep>): RecordedStep => ({
    ...{ name: `linux/arm64 ${name}`, step: name, text: `RUN ${name}`, ranOn: 'linux/arm64' },
    ...{ kind: 'emulated', ...more },
  });
  const { targets } = reportOf([{ name: 'q', ratio: 8 }]);

  it('divides by the ratio and names the step that saves most', () => {
    const { steps, seconds, native, worthMoving } = estimateBuild(
      [
        step('a', { seconds: 16 }),
        step('b', { seconds: 80 }),
        step('c', { seconds: 200, kind: 'native', ranOn: 'linux/amd64' }),
        step('d', { kind: 'none' }),
      ],
      targets,
    );
    expect(steps.map((each) => each.native?.median)).toEqual([2, 10, undefined, undefined]);
    expect({ seconds, native }).toEqual({ seconds: 296, native: 212 });
    expect(worthMoving).toEqual({ name: 'linux/arm64 b', text: 'RUN b', saved: 70 });
  });

  it('believes what the same step took natively in that build', () => {
    const { steps } = estimateBuild(
      [
        step('a', { seconds: 30 }),
        step('a', { name: 'linux/amd64 a', seconds: 5, kind: 'native', ranOn: 'linux/amd64' }),
      ],
      targets,
    );
    expect(steps[0]).toMatchObject({ native: { median: 5 }, measured: true });
  });

  it('names none where nothing was emulated', () =>
    expect(estimateBuild([step('a', { seconds: 9, kind: 'native' })], targets)).not.toHaveProperty(
      'worthMoving',
    ));
});
