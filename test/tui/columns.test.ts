import { expect, it } from 'vitest';
import { columnsOf, fitColumns, shortened } from '../../src/tui/columns.ts';

it.each([
  ['plain', 5],
  ['na\u00efve', 5],
  ['e\u0301', 1],
  ['\u4f60\u597d', 4],
  ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', 2],
  ['\u2713 \u25b8 \u00b7', 5],
  ['\u200b\u202e', 0],
  ['', 0],
])('%j takes %d columns', (text, columns) => expect(columnsOf(text)).toBe(columns));

it('cuts before a wide character that would stand across the edge', () => {
  expect(fitColumns('a\u4f60\u597d', 4)).toBe('a\u4f60');
  expect(fitColumns('a\u4f60\u597d', 5)).toBe('a\u4f60\u597d');
  expect(shortened('a\u4f60\u597d', 4)).toBe('a\u4f60\u2026');
  expect(shortened('fits', 4)).toBe('fits');
});
