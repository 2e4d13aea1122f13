import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { namesIn, readJson, writeWhole } from '../src/small-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'mpkit-small-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('replaces a file, and leaves nothing beside it, also where it cannot', () => {
  const own = join(folder, 'whole');
  rmSync(own, { recursive: true, force: true });
  mkdirSync(join(own, 'taken'), { recursive: true });
  writeWhole(join(own, 'a.json'), '1');
  writeWhole(join(own, 'a.json'), '{"b":2}', { flush: true });
  expect(readFileSync(join(own, 'a.json'), 'utf8')).toBe('{"b":2}');
  expect(() => writeWhole(join(own, 'taken'), 'x')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(() => writeWhole(join(own, 'missing/x'), 'x')).toThrow('ENOENT');
  expect(readdirSync(own).sort()).toEqual(['a.json', 'taken']);
});

it('takes damaged and missing files for missing', () => {
  writeFileSync(join(folder, 'good.json'), '{"a":[1]}');
  writeFileSync(join(folder, 'cut.json'), '{"a":[');
  expect(readJson(join(folder, 'good.json'))).toEqual({ a: [1] });
  for (const name of ['cut.json', 'nothing.json', '.'])
    expect(readJson(join(folder, name))).toBeUndefined();
  expect(namesIn(folder, /^good/)).toEqual(['good.json']);
  expect(namesIn(join(folder, 'nowhere'), /./)).toEqual([]);
});
