import { describe, expect, it, vi } from 'vitest';
import type { BenchEvent } from '../../../src/bench/index.ts';
import { benchProgress } from '../../../src/tui/bench/progress.ts';
import { type BenchRun, benchLine, benchStart } from '../../../src/tui/state/bench.ts';
import {
  advanceCourse,
  type BenchCourse,
  courseRemaining,
} from '../../../src/tui/state/bench-course.ts';
import { stillClock } from '../still-clock.ts';
import { fetched } from '../transfers.ts';

const target = 'arm64 QEMU 11.1.3';
/** The `at`th of 100 samples, a quarter of a second each. */
const sample = (at: number) =>
  ({
    ...{ type: 'sample', workload: 'hash', target, nanoseconds: 75e6 },
    ...{ at, of: 100, share: at / 100, time: 250 * at },
  }) as const satisfies BenchEvent;

const courseAt = (...ats: number[]) =>
  ats.reduce<BenchCourse | undefined>((known, at) => advanceCourse(known, sample(at)), undefined)!;

stillClock();

describe('the time that a benchmark still takes', () => {
  it('is told by what was measured so far', () => {
    expect(courseRemaining(courseAt(1, 21), 250 * 21)).toBeCloseTo(79 * 250);
    expect(courseRemaining(courseAt(1, 21), 250 * 21 + 1000)).toBeCloseTo(79 * 250 - 1000);
    expect(courseRemaining(courseAt(1, 100), 250 * 100)).toBe(0);
    expect(courseRemaining(courseAt(1, 21), 1e9)).toBe(0);
  });

  it('is not guessed at the beginning', () => {
    expect(courseRemaining(courseAt(1), 250)).toBeUndefined();
    expect(courseRemaining(courseAt(1, 2), 500)).toBeUndefined();
  });
});

describe('what a benchmark says', () => {
  const printed = (isTTY: boolean) => {
    let text = '';
    const write = (more: string) => {
      text += more;
    };
    const { emit, close } = benchProgress({ isTTY, columns: 100, write });
    emit({ type: 'target', target: 'native', kind: 'native' });
    for (let at = 1; at <= 100; at++) {
      vi.setSystemTime(250 * at);
      emit(sample(at));
    }
    return { emit, close, text: () => text };
  };

  it('in a log is what it measures, n of m and the rest, every few seconds', () => {
    const { close, text } = printed(false);
    close();
    expect(text().split('\n')).toEqual([
      '=> measures native',
      '=> measuring hash, arm64 QEMU 11.1.3: 1 of 100 samples',
      '=> measuring hash, arm64 QEMU 11.1.3: 21 of 100 samples, 20 s left',
      '=> measuring hash, arm64 QEMU 11.1.3: 41 of 100 samples, 15 s left',
      '=> measuring hash, arm64 QEMU 11.1.3: 61 of 100 samples, 10 s left',
      '=> measuring hash, arm64 QEMU 11.1.3: 81 of 100 samples, 5 s left',
      '',
    ]);
  });

  it('on a terminal is one line, and nothing at its end', () => {
    const { emit, close, text } = printed(true);
    const shown = () =>
      text()
        .split('\n')
        .map((line) => line.split('\r\u001b[K').at(-1));
    expect(shown()).toEqual([
      '=> measures native',
      '=> measuring hash, arm64 QEMU 11.1.3: 100 of 100 samples, 0 s left',
    ]);
    emit(fetched(0, 0));
    emit(fetched(4, 35.2));
    expect(shown().at(-1)).toBe(
      '=> fetching qemu-user 11.1.3: 35.2 of 70.4 MB, 8.8 MB/s, 4 s left',
    );
    close();
    expect(shown()).toEqual(['=> measures native', '']);
  });
});

it('the interface reads the same from the events as JSON', () => {
  const run: BenchRun = {
    ...{ status: 'running', targets: [], samples: new Map(), workloads: [] },
    ...{ transfers: new Map(), messages: [] },
  };
  const lines = [sample(1), sample(21), fetched(0, 0), fetched(4, 35.2)];
  const state = lines.map((each) => JSON.stringify(each)).reduce(benchLine, { ...benchStart, run });
  expect(state.run?.course).toEqual(courseAt(1, 21));
  expect([...(state.run?.transfers.values() ?? [])].map(({ last }) => last.bytes)).toEqual([
    35_200_000,
  ]);
});
