import { describe, expect, it } from 'vitest';
import { addToLog, emptyLog, tailOf } from '../../../src/tui/state/log.ts';

const add = (limit: number, ...chunks: string[]) =>
  chunks.reduce((log, chunk) => addToLog(log, Buffer.from(chunk), limit), emptyLog);

describe('a log', () => {
  it('joins lines that come in pieces', () => {
    expect(add(5, 'on', 'e\ntwo\nth', 'ree')).toEqual({
      lines: ['one', 'two'],
      partial: 'three',
      count: 2,
    });
  });

  it('keeps the last lines and counts all', () => {
    const log = add(3, '1\n2\n', '3\n4\n');
    expect(log).toEqual({ lines: ['2', '3', '4'], partial: '', count: 4 });
  });

  it.each([1, 2, 3, 4, 5, 9, 10, 11])(
    'decodes the end of a large chunk only, as if all: %d',
    (limit) => {
      const text = Array.from({ length: 10 }, (_, at) => `line ${at}\n`);
      expect(add(limit, `${text.join('')}rest`)).toEqual(add(limit, ...text, 'rest'));
    },
  );

  it('stays small, whatever a step prints', () => {
    let log = emptyLog;
    const chunk = Buffer.from('x'.repeat(100_000));
    for (let at = 0; at < 50; at++) log = addToLog(log, chunk, 10);
    for (let at = 0; at < 50; at++) log = addToLog(log, Buffer.from('a line\n'.repeat(20_000)), 10);
    expect(log.count).toBe(1_000_000);
    expect(JSON.stringify(log).length).toBeLessThan(60_000);
  });

  it('shows of a redrawn line what is seen last', () => {
    expect(tailOf(add(5, 'a\n10%\r50%\r100%\r\nnow 3%\rnow 4%'), 2)).toEqual(['100%', 'now 4%']);
  });
});
