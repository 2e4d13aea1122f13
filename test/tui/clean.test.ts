import { describe, expect, it } from 'vitest';
import { cleanLine, cleanName } from '../../src/tui/clean.ts';

const esc = '\u001b';

describe('lines of a step', () => {
  it.each([
    ['a clipboard write', `a${esc}]52;c;aGk=\u0007b`, 'ab'],
    ['a clear', `a${esc}[2J${esc}[Hb`, 'ab'],
    ['a title with the other end', `a${esc}]0;title${esc}\\b`, 'ab'],
    ['8-bit forms', 'a\u009b2Jb\u009d0;x\u009cc', 'abc'],
    ['an unfinished string', `a${esc}]52;c;`, 'a'],
    ['a lone escape', `a${esc}`, 'a'],
    ['a device string', `a${esc}Pq#0${esc}\\b`, 'ab'],
  ])('lose %s', (_, line, expected) => {
    expect(cleanLine(line, false)).toBe(expected);
    expect(cleanLine(line, true)).toBe(expected);
  });

  it('keep colours where they are wanted, and end them', () => {
    const line = `${esc}[1;31mred${esc}[0m rest`;
    expect(cleanLine(line, true)).toBe(`${line}${esc}[0m`);
    expect(cleanLine(line, false)).toBe('red rest');
  });

  it('show other control characters', () => {
    expect(cleanLine('a\u0007b\u0000c\td', false)).toBe('a\\x07b\\x00c\td');
  });

  it('give nothing raw of a name', () => {
    expect(cleanName(`evil${esc}[31m\nname`)).toBe('evil\\x0aname');
  });

  it.each([
    ...['\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069'],
    ...[
      '\u061c',
      '\u200b',
      '\u200e',
      '\u200f',
      '\u2028',
      '\u2029',
      '\u2060',
      '\ufeff',
      '\u{e0041}',
    ],
  ])('shows a control of direction or format in a name (%j)', (char) => {
    expect(cleanName(`a${char}b`)).toBe(`a\\u{${char.codePointAt(0)!.toString(16)}}b`);
  });
});
