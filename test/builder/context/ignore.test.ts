import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ignoreRules,
  isIgnored,
  mayHoldExceptions,
  parseIgnoreFile,
  readIgnoreFile,
} from '../../../src/builder/context/ignore.ts';
import { effort } from '../../helpers/speed.ts';

const suite = join(import.meta.dirname, '../../../../shared/suites/patternmatcher');

interface MatchCase {
  patterns: string[];
  path: string;
  match?: boolean;
  error?: string;
}

if (existsSync(suite)) {
  const load = (name: string) => JSON.parse(readFileSync(join(suite, name), 'utf8')).cases;

  describe('the cases of moby/patternmatcher', () => {
    for (const { patterns, path, match, error } of load('matches.json') as MatchCase[])
      it(`${JSON.stringify(patterns)} ${path}: ${match ?? error}`, () => {
        const run = () => isIgnored(ignoreRules(patterns), path);
        if (error) expect(run).toThrow(expect.objectContaining({ code: 'invalid-input' }));
        else expect(run()).toBe(match);
      });

    for (const { content, patterns } of load('ignorefile.json'))
      it('reads a file into patterns', () => {
        expect(parseIgnoreFile(content)).toEqual(patterns);
      });
  });
} else {
  it.skip('the cases of moby/patternmatcher (no ../shared/suites here)', () => {});
}

describe('an ignore file', () => {
  it('cleans lines, drops the byte order mark, and comments only at column 0', () => {
    const text = '\uFEFF# no\r\n  # yes\n./a//b/../c/\n\n! /d/\n/\n';
    expect(parseIgnoreFile(text)).toEqual(['# yes', 'a/c', '!d', '/']);
  });

  it('lets the last match win and brings single files back', () => {
    const rules = readIgnoreFile('docs\n!docs/*.md\ndocs/secret.md\n');
    const answers = ['docs', 'docs/a.txt', 'docs/a.md', 'docs/secret.md', 'docs/x/a.md', 'other'];
    expect(answers.map((path) => isIgnored(rules, path))).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  it('answers the same in any order of questions', () => {
    const rules = readIgnoreFile('**\n!src\nsrc/**/test\n!src/a/test/keep\n');
    const paths = ['src/a/test/keep', 'src/a', 'src', 'x/y', 'src/a/test', 'src/a/test/x', 'x'];
    const fresh = paths.map((path) =>
      isIgnored(ignoreRules(['**', '!src', 'src/**/test', '!src/a/test/keep']), path),
    );
    expect(paths.map((path) => isIgnored(rules, path))).toEqual(fresh);
    expect(fresh).toEqual([false, false, false, true, true, true, true]);
  });

  it('says which ignored folders must be walked', () => {
    const rules = readIgnoreFile('*\n!a/*/keep\n!b\n');
    expect(
      ['a', 'a/x', 'a/x/keep', 'c', 'b', 'a/x/y'].map((f) => mayHoldExceptions(rules, f)),
    ).toEqual([true, true, false, false, false, false]);
    expect(mayHoldExceptions(readIgnoreFile('*\n!**/keep\n'), 'any/where')).toBe(true);
    expect(mayHoldExceptions(readIgnoreFile('*\n'), 'a')).toBe(false);
  });

  it('refuses a bad bracket with the pattern', () => {
    expect(() => readIgnoreFile('ok\na[\n')).toThrow('bad pattern `a[`');
  });

  it('stays quick with many stars and deep paths', async () => {
    const rules = ignoreRules([
      `${'**/'.repeat(5000)}z`,
      `${'*a'.repeat(40)}z`,
      `${'**a'.repeat(40)}z`,
    ]);
    const match = () => {
      expect(isIgnored(rules, 'a'.repeat(4000))).toBe(false);
      expect(isIgnored(rules, 'a/'.repeat(2000))).toBe(false);
    };
    expect(await effort(match)).toBeLessThan(5000);
  });
});
