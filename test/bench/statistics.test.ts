import { describe, expect, it } from 'vitest';
import { geometricMeans, overlap, ratiosOf, spreadOf } from '../../src/bench/statistics.ts';

describe('spreadOf', () => {
  it.each([
    [[7], { median: 7, low: 7, high: 7 }],
    [[4, 2], { median: 3, low: 2, high: 4 }],
    [[5, 1, 3], { median: 3, low: 1, high: 5 }],
    [[6, 5, 4, 3, 2, 1], { median: 3.5, low: 1, high: 6 }],
    // David and Nagaraja, "Order Statistics": n = 9 gives ranks 2 and 8, n = 15 ranks 4 and 12
    [[9, 8, 7, 6, 5, 4, 3, 2, 1], { median: 5, low: 2, high: 8 }],
    [Array.from({ length: 15 }, (_, at) => at + 1), { median: 8, low: 4, high: 12 }],
  ])('of %j', (values, expected) => expect(spreadOf(values)).toEqual(expected));

  it('is not moved by one disturbed turn', () => {
    const quiet = [10, 11, 10, 12, 11, 10, 11, 12, 11];
    const disturbed = quiet.with(3, 900);
    expect(spreadOf(disturbed)).toEqual(spreadOf(quiet));
  });

  it('holds the true median in at least 95 of 100 series, whatever the noise looks like', () => {
    let state = 12_345;
    const random = () => {
      state = (state * 16_807) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const tries = 2000;
    let held = 0;
    for (let n = 0; n < tries; n++) {
      // long-tailed: the median of 1 + r⁴ is 1 + 0.5⁴
      const { low, high } = spreadOf(Array.from({ length: 9 }, () => 1 + random() ** 4));
      if (low <= 1.0625 && 1.0625 <= high) held++;
    }
    expect(held / tries).toBeGreaterThan(0.945);
  });
});

it('ratios are taken turn by turn, so that a slow turn of the machine cancels out', () => {
  expect(ratiosOf([20, 60, 22], [10, 30, 11])).toEqual([2, 2, 2]);
});

it('the geometric mean weighs a doubling like a halving', () => {
  expect(
    geometricMeans([
      [2, 8],
      [0.5, 2],
    ]),
  ).toEqual([1, 4]);
  expect(geometricMeans([])).toEqual([]);
});

it('intervals overlap where they share a value', () => {
  const spread = (low: number, high: number) => ({ median: low, low, high });
  expect(overlap(spread(1, 2), spread(2, 3))).toBe(true);
  expect(overlap(spread(1, 2), spread(2.1, 3))).toBe(false);
  expect(overlap(spread(5, 9), spread(1, 4.9))).toBe(false);
});
