import { describe, expect, it } from 'vitest';
import { effort, slowly, timesAsLong } from './speed.ts';

describe('limits and efforts', () => {
  it('are never shorter than asked', () => {
    expect(slowly(1000)).toBeGreaterThanOrEqual(1000);
  });

  it('tell ten times the work from the work', async () => {
    const text = 'a-'.repeat(100_000);
    const work = (times: number) => () => {
      for (let at = 0; at < times; at++) [...text].reverse().join('');
    };
    await effort(work(10));
    const [one, ten] = [await effort(work(4), 3), await effort(work(40), 3)];
    expect(ten / one).toBeGreaterThan(3);
    expect(ten / one).toBeLessThan(30);
  });

  it('tell a longer wait from a shorter', async () => {
    const wait = (ms: number) => () => new Promise((resolve) => setTimeout(resolve, ms));
    expect(await timesAsLong(wait(200), wait(20), 100)).toBeGreaterThan(3);
  });
});
