import type { Key as InkKey } from 'ink';
import { describe, expect, it } from 'vitest';
import { readKey } from '../../src/tui/ink-key.ts';

const names = (text: string, key: Partial<InkKey> = {}) =>
  readKey(text, key as InkKey).map((each) => each.text || each.name);

describe('keys', () => {
  it.each<[string, Partial<InkKey>, string[]]>([
    ['', { upArrow: true }, ['up']],
    ['', { return: true }, ['enter']],
    ['c', { ctrl: true }, ['interrupt']],
    ['d', { ctrl: true }, []],
    ['u', { ctrl: true }, ['erase']],
    ['a\u0015b', {}, ['a', 'erase', 'b']],
    ['x', { meta: true }, []],
    ['1?', {}, ['1', '?']],
    ['typed fast\r', {}, [...'typed fast', 'enter']],
    ['a\u007f\u007fb', {}, ['a', 'backspace', 'backspace', 'b']],
    ['\u0003', {}, ['interrupt']],
    ['\u0001\u009b', {}, []],
    ['ü→', {}, ['ü', '→']],
  ])('%j is what was meant', (text, key, expected) => expect(names(text, key)).toEqual(expected));
});
