import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printedJson } from '../src/printed-json.ts';
import { clone } from './helpers/mpkit.ts';

describe('printed JSON', () => {
  const controls = [
    ...Array.from({ length: 0xa0 }, (_, at) => String.fromCharCode(at)),
    ...['\u061c', '\u200e', '\u202e', '\u2066', '\u2069', '\u2028', '\ufeff', '\u{e0041}'],
  ].filter((char) => !/[ -~]/.test(char));
  const value = { [`k${controls.join('')}`]: controls, plain: 'grün, 日本' };

  it('has no raw control, and reads back as what it was', () => {
    const text = printedJson(value);
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
    expect(text).toContain('grün, 日本');
    expect(JSON.parse(text)).toEqual(value);
  });

  it('may be laid out over lines', () => {
    expect(printedJson({ a: '\u009b' }, undefined, 2)).toBe('{\n  "a": "\\u009b"\n}');
  });

  it('is what every verb prints', () => {
    const folder = join(clone, 'src/cli');
    const raw = readdirSync(folder).filter((name) =>
      readFileSync(join(folder, name), 'utf8').includes('JSON.stringify('),
    );
    expect(raw).toEqual([]);
  });
});
