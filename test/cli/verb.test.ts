import { describe, expect, it } from 'vitest';
import { parseWords } from '../../src/cli/verb.ts';

const flags = {
  tag: { type: 'string', short: 't' },
  quiet: { type: 'boolean', short: 'q' },
} as const;

describe('parseWords', () => {
  it.each([
    ['-t=x:2', 'x:2'],
    ['-tx:2', 'x:2'],
    ['-t==x', '=x'],
  ])('reads %s', (word, tag) => {
    expect(parseWords('build', [word], flags).values.tag).toBe(tag);
  });

  it('leaves what follows -- as it is', () => {
    expect(parseWords('build', ['--', '-t=x'], flags).positionals).toEqual(['-t=x']);
  });
});
