import { describe, expect, it } from 'vitest';
import { summaryLines } from '../../src/tui/summary.ts';
import { amd64, arm64, plan, stateAfter } from './events.ts';

describe('the summary', () => {
  it('says per platform what ran, what was cached and where the time went; failures last', () => {
    const state = stateAfter(
      plan,
      { type: 'cached', vertex: amd64.base },
      { type: 'cached', vertex: amd64.copy },
      { type: 'started', vertex: amd64.run, at: 0 },
      { type: 'done', vertex: amd64.run, at: 1500 },
      { type: 'cached', vertex: arm64.base },
      { type: 'started', vertex: arm64.copy, at: 0 },
      { type: 'done', vertex: arm64.copy, at: 200 },
      { type: 'started', vertex: arm64.run, at: 0 },
      { type: 'failed', vertex: arm64.run, at: 15_000, message: '`make`\u001b[2J exited with 2' },
    );
    expect(summaryLines(state, 100)).toEqual([
      'platform     ran  emulated  cached  time  longest step',
      'linux/amd64    1         0       2  1.5s  1.5s 3/3 RUN make',
      'linux/arm64    2         1       1   15s  15s 3/3 RUN make, emulated by QEMU 11.1.3',
      'FAILED linux/arm64 3/3 RUN make: `make` exited with 2',
    ]);
  });

  it('is empty where nothing was planned, and never wider than asked', () => {
    expect(summaryLines(stateAfter(), 80)).toEqual([]);
    expect(summaryLines(stateAfter(plan), 30).every((line) => line.length <= 30)).toBe(true);
  });
});
