/** The lines that a step prints arrive in the order in which it printed them. */
import { afterAll, describe, expect, it } from 'vitest';
import { stepOutput, workplace } from './workplace.ts';

const place = workplace();
afterAll(() => place.remove());

describe('the output of a step', () => {
  it('keeps the order of stdout and stderr', async () => {
    const loop = 'i=0; while [ $i -lt 300 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done';
    const built = await place.build({ dockerfile: `FROM base\nRUN ${loop}\n` });
    expect(built.exitCode, built.stderr).toBe(0);
    const lines = stepOutput(built.stderr).filter((line) => /^(out|err) \d+$/.test(line));
    const expected = Array.from({ length: 300 }, (_, n) => [`out ${n}`, `err ${n}`]).flat();
    expect(lines).toEqual(expected);
  });
});
