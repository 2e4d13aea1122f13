import { describe, expect, it } from 'vitest';
import { startTransfer, type TransferEvent } from '../src/transfer.ts';

function transfer(total?: number) {
  const events: TransferEvent[] = [];
  let at = 5000;
  const what = { id: 'x', kind: 'export', name: 'x.tar', ...(total ? { total } : {}) } as const;
  const made = startTransfer(
    what,
    (event) => events.push(event),
    () => at,
  );
  const wait = (milliseconds: number) => {
    at += milliseconds;
  };
  return { ...made, events, wait };
}

describe('a transfer', () => {
  it('tells its beginning, ten times a second what is done, and its end', () => {
    const { reached, end, events, wait } = transfer(1000);
    for (let bytes = 1; bytes <= 1000; bytes++) {
      wait(1);
      reached(bytes);
    }
    end('done');
    expect(events).toHaveLength(12);
    expect(events[0]).toEqual({
      ...{ type: 'transfer', id: 'x', kind: 'export', name: 'x.tar' },
      ...{ bytes: 0, total: 1000, at: 5000 },
    });
    expect(events.at(-1)).toMatchObject({ bytes: 1000, at: 6000, end: 'done' });
    expect(events.filter((each) => each.end)).toHaveLength(1);
  });

  it('never goes back, and claims no byte that was not moved', () => {
    const { reached, end, events, wait } = transfer(1000);
    for (const bytes of [500, 300, 600]) {
      wait(200);
      reached(bytes);
    }
    end('failed');
    expect(events.map(({ bytes }) => bytes)).toEqual([0, 500, 500, 600, 600]);
    expect(events.at(-1)?.end).toBe('failed');
  });

  it('goes on after the clock was set back', () => {
    const { reached, events, wait } = transfer();
    wait(-3_600_000);
    reached(7);
    expect(events.at(-1)).not.toHaveProperty('total');
    expect(events.at(-1)?.bytes).toBe(7);
  });
});
