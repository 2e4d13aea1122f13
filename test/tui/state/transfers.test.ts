import { describe, expect, it } from 'vitest';
import type { TransferEvent } from '../../../src/transfer.ts';
import {
  advance,
  averageRate,
  noTransfers,
  rateOf,
  reduceTransfers,
  remainingOf,
  shownTransfers,
  type TransferState,
} from '../../../src/tui/state/transfers.ts';
import { fetched, now } from '../transfers.ts';

function told(...events: TransferEvent[]): TransferState {
  let state: TransferState | undefined;
  for (const event of events) state = advance(state, event);
  return state!;
}

describe('a transfer', () => {
  it('has the rate of the last few seconds, not of all', () => {
    const slowThenFast = [0, 10, 20, 22, 24, 25].map((at) =>
      fetched(at, at <= 20 ? at / 10 : 2 + (at - 20) * 5),
    );
    const state = told(...slowThenFast);
    expect(rateOf(state, now(25))).toBeCloseTo(5e6, -3);
    expect(averageRate(state)).toBeCloseTo(27e6 / 25, -3);
    expect(remainingOf(state, now(25))).toBeCloseTo((1000 * (70.4 - 27)) / 5, 0);
  });

  it('says nothing of its rate at the very beginning', () => {
    const state = told(fetched(0, 0), fetched(0.1, 20));
    expect(rateOf(state, now(0.1))).toBeUndefined();
    expect(remainingOf(state, now(0.1))).toBeUndefined();
  });

  it('has no rate until the first byte comes, and then not that of the wait', () => {
    const waiting = [0, 1, 2, 3].map((at) => fetched(at, 0));
    expect(rateOf(told(...waiting), now(3))).toBeUndefined();
    expect(rateOf(told(...waiting, fetched(4, 8), fetched(5, 16)), now(5))).toBeCloseTo(8e6, -3);
  });

  it('slows down while it says nothing, and ends in no rate and no promise', () => {
    const state = told(fetched(0, 0), fetched(1, 8), fetched(2, 16));
    expect(rateOf(state, now(2.5))).toBeCloseTo(8e6, -3);
    expect(rateOf(state, now(6))).toBeLessThan(4e6);
    expect(rateOf(state, now(60))).toBe(0);
    expect(remainingOf(state, now(60))).toBeUndefined();
  });

  it('promises no end where the total is unknown', () => {
    const { total: _, ...first } = fetched(0, 0);
    const { total: __, ...second } = fetched(2, 16);
    expect(remainingOf(told(first, second), now(2))).toBeUndefined();
  });

  it('keeps few points, however many events there are', () => {
    let state: TransferState | undefined;
    for (let at = 0; at < 10_000; at++) state = advance(state, fetched(at / 10, at / 1000));
    expect(state!.points.length).toBeLessThanOrEqual(52);
    expect(state!.startedAt).toBe(now(0));
  });

  it('survives a clock that is set back', () => {
    const state = told(fetched(0, 0), fetched(2, 16), fetched(-100, 17));
    for (const at of [-100, 0, 5]) {
      const rate = rateOf(state, now(at));
      expect(rate === undefined || (Number.isFinite(rate) && rate >= 0), String(rate)).toBe(true);
    }
  });
});

describe('what is moved', () => {
  it('is shown when it takes a moment, and gone at its end', () => {
    const two = [fetched(0, 0), fetched(0, 0, { id: 'b', name: 'b' }), fetched(0.2, 1)].reduce(
      reduceTransfers,
      noTransfers,
    );
    expect(shownTransfers(two, now(0.2))).toEqual([]);
    expect(shownTransfers(two, now(0.6)).map(({ last }) => last.name)).toEqual([
      'qemu-user 11.1.3',
      'b',
    ]);
    const one = reduceTransfers(two, fetched(1, 70.4, { end: 'done' }));
    expect([...one.keys()]).toEqual(['b']);
    expect(two.size).toBe(2);
  });
});
