import { describe, expect, it } from 'vitest';
import { isValidPattern, matchComponent } from '../../../src/builder/context/glob.ts';
import { effort } from '../../helpers/speed.ts';

describe('one component', () => {
  it.each([
    ['*', 'anything', true],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxbyy', false],
    ['?', '☃', true],
    ['?', '💡', true],
    ['[[]', '[', true],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['[!a]', '!', true],
    ['[!a]', 'b', false],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['**', 'abc', true],
    ['*', 'a/b', false],
    ['.*', '.git', true],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(matchComponent(pattern, name)).toBe(expected);
  });

  it.each(['[', '[]', '[]a]', '[^]', '[-x]', '[x-]', '[a-b-c]', '[z-a]', 'a\\', '[a\\'])(
    '%s is refused',
    (pattern) => {
      expect(isValidPattern(pattern)).toBe(false);
      expect(matchComponent(pattern, 'a')).toBe(false);
    },
  );

  it('matches forty stars with little work', async () => {
    const match = () => {
      expect(matchComponent(`${'*'.repeat(40)}z`, 'a'.repeat(100_000))).toBe(false);
      expect(matchComponent(`${'*a'.repeat(40)}z`, 'a'.repeat(10_000))).toBe(false);
    };
    expect(await effort(match)).toBeLessThan(1000);
  });
});
