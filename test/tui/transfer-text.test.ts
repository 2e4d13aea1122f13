import { describe, expect, it } from 'vitest';
import type { TransferEvent } from '../../src/transfer.ts';
import { advance, type TransferState } from '../../src/tui/state/transfers.ts';
import { createTransferLog } from '../../src/tui/transfer-log.ts';
import { leftWord, transferEndText, transferText } from '../../src/tui/transfer-text.ts';
import { fetched, now } from './transfers.ts';

const stateOf = (...events: TransferEvent[]) =>
  events.reduce<TransferState | undefined>((state, event) => advance(state, event), undefined)!;

describe('the words for a transfer', () => {
  it('say what, how much, how fast and how long', () => {
    const state = stateOf(fetched(0, 0), fetched(4, 35.2));
    expect(transferText(state, now(4))).toBe(
      'fetching qemu-user 11.1.3: 35.2 of 70.4 MB, 8.8 MB/s, 4 s left',
    );
  });

  it('leave out what nobody knows', () => {
    expect(transferText(stateOf(fetched(0, 0)), now(0))).toBe(
      'fetching qemu-user 11.1.3: 0.0 of 70.4 MB',
    );
    const { total: _, ...unknown } = fetched(2, 3);
    expect(transferText(stateOf({ ...unknown, at: now(0), bytes: 0 }, unknown), now(2))).toBe(
      'fetching qemu-user 11.1.3: 3.0 MB, 1.5 MB/s',
    );
    const still = stateOf(fetched(0, 0), fetched(1, 3));
    expect(transferText(still, now(30))).toBe(
      'fetching qemu-user 11.1.3: 3.0 of 70.4 MB, 0 bytes/s',
    );
  });

  it('end with the average, or with where it stopped', () => {
    const events = [fetched(0, 0), fetched(1, 1), fetched(8, 70.4, { end: 'done' })];
    expect(transferEndText(stateOf(...events))).toBe(
      'fetched qemu-user 11.1.3: 70.4 MB in 8.0 s, 8.8 MB/s',
    );
    const failed = [fetched(0, 0), fetched(8, 35.2, { end: 'failed', kind: 'export' })];
    expect(transferEndText(stateOf(...failed))).toBe(
      'stopped exporting qemu-user 11.1.3 at 35.2 of 70.4 MB',
    );
  });

  it.each([
    [1, '1 s left'],
    [99_000, '99 s left'],
    [99_001, '2 min left'],
    [3_600_000, '60 min left'],
    [36_000_000, '10 h left'],
  ])('round %d ms to %s', (milliseconds, words) => expect(leftWord(milliseconds)).toBe(words));

  it('let no name act on the terminal', () => {
    const name = '\u001b[2Jimage\r\n.tar';
    expect(transferText(stateOf(fetched(0, 0, { name })), now(0))).toBe(
      'fetching image\\x0d\\x0a.tar: 0.0 of 70.4 MB',
    );
  });
});

describe('transfers in a log', () => {
  it('get a line every few seconds and one at the end', () => {
    const log = createTransferLog();
    const lines: [number, string][] = [];
    for (let at = 0; at <= 120; at++) {
      const { line } = log(fetched(at / 10, at / 2, at === 120 ? { end: 'done' } : {}));
      if (line !== undefined) lines.push([at / 10, line]);
    }
    expect(lines).toEqual([
      [0.5, 'fetching qemu-user 11.1.3: 2.5 of 70.4 MB, 5.0 MB/s, 14 s left'],
      [5.5, 'fetching qemu-user 11.1.3: 27.5 of 70.4 MB, 5.0 MB/s, 9 s left'],
      [10.5, 'fetching qemu-user 11.1.3: 52.5 of 70.4 MB, 5.0 MB/s, 4 s left'],
      [12, 'fetched qemu-user 11.1.3: 60.0 MB in 12.0 s, 5.0 MB/s'],
    ]);
  });

  it('get none when they are over at once', () => {
    const log = createTransferLog();
    expect(log(fetched(0, 0)).line).toBeUndefined();
    expect(log(fetched(0.4, 70.4, { end: 'done' })).line).toBeUndefined();
  });
});
