import { describe, expect, it, vi } from 'vitest';
import { openStatusLine } from '../../src/tui/status-line.ts';
import { stillClock } from './still-clock.ts';
import { fetched } from './transfers.ts';

function opened(terminal: { isTTY?: boolean; columns?: number }, prefix?: string) {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  return { line: openStatusLine({ ...terminal, write }, prefix), text: () => text };
}

/** What is seen once everything was drawn: the last state of each line. */
function seen(text: string): string[] {
  return text.split('\n').map((line) => line.split('\r\u001b[K').at(-1) ?? '');
}

stillClock();

describe('on a terminal', () => {
  it('a transfer is one line, drawn anew, of which the average stays', () => {
    const { line, text } = opened({ isTTY: true, columns: 100 }, 'mpkit: ');
    for (let at = 0; at <= 80; at++) line.transfer(fetched(at / 10, at * 0.8));
    expect(seen(text())).toEqual([
      'mpkit: fetching qemu-user 11.1.3: 64.0 of 70.4 MB, 8.0 MB/s, 1 s left',
    ]);
    expect(text().split('\r')).toHaveLength(77);
    line.say('unpacking');
    line.transfer(fetched(8.8, 70.4, { end: 'done' }));
    line.clear();
    expect(seen(text())).toEqual([
      'mpkit: unpacking',
      'mpkit: fetched qemu-user 11.1.3: 70.4 MB in 8.8 s, 8.0 MB/s',
      '',
    ]);
  });

  it('no line is longer than the terminal is wide', () => {
    const { line, text } = opened({ isTTY: true, columns: 20 });
    line.show('a line that is much too long for it');
    expect(seen(text())).toEqual(['a line that is much']);
    line.clear();
    expect(seen(text())).toEqual(['']);
  });

  it('nothing that is over at once is shown', () => {
    const { line, text } = opened({ isTTY: true, columns: 80 });
    line.transfer(fetched(0, 0));
    line.transfer(fetched(0.3, 70.4, { end: 'done' }));
    line.clear();
    expect(text()).toBe('');
  });
});

describe.each([
  ['without a terminal', { isTTY: false }, 'xterm'],
  ['on a dumb one', { isTTY: true, columns: 80 }, 'dumb'],
])('%s', (_, terminal, term) => {
  it('there is a line every few seconds, and nothing that draws', () => {
    vi.stubEnv('TERM', term);
    const { line, text } = opened(terminal);
    for (let at = 0; at < 88; at++) line.transfer(fetched(at / 10, at * 0.8));
    line.transfer(fetched(8.8, 70.4, { end: 'done' }));
    for (let at = 0; at < 120; at++) {
      vi.setSystemTime(100_000 + at * 100);
      line.show(`sample ${at}`);
    }
    line.clear();
    expect(text().split('\n')).toEqual([
      'fetching qemu-user 11.1.3: 4.0 of 70.4 MB, 8.0 MB/s, 9 s left',
      'fetching qemu-user 11.1.3: 44.0 of 70.4 MB, 8.0 MB/s, 4 s left',
      'fetched qemu-user 11.1.3: 70.4 MB in 8.8 s, 8.0 MB/s',
      ...['sample 0', 'sample 50', 'sample 100', ''],
    ]);
  });
});
