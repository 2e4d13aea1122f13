// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfile words look like templates
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expandWord, expandWords } from '../../../src/builder/dockerfile/expand.ts';
import { effort } from '../../helpers/speed.ts';

const suite = join(import.meta.dirname, '../../../../shared/suites/buildkit-shell');

if (existsSync(suite)) {
  describe('the word cases of BuildKit', () => {
    const variables = new Map([
      ['PWD', '/home'],
      ['SHELL', 'bash'],
      ['KOREAN', '한국어'],
      ['NULL', ''],
    ]);
    for (const { line, text } of rows('envVarTest')) {
      const [tag, input, expected] = text.split('|').map((field) => field.trim());
      if (tag === 'W') continue;
      it(`line ${line}: ${input}`, () => {
        const run = () => expandWord(input!, (name) => variables.get(name), '\\');
        if (expected === 'error') expect(run).toThrow(syntaxError);
        else expect(run()).toBe(expected);
      });
    }
  });

  describe('the splitting cases of BuildKit', () => {
    const variables = new Map<string, string>();
    for (const { line, text } of rows('wordsTest')) {
      const [input, expected] = text.split('|');
      if (expected === undefined) {
        const [, name, value] = /^ENV ([^=]+)=(.*)$/.exec(text)!;
        variables.set(name!, value!);
        continue;
      }
      const known = new Map(variables);
      it(`line ${line}: ${input!.trim()}`, () => {
        const run = () => expandWords(input!.trim(), (name) => known.get(name), '\\');
        if (expected.trim() === 'error') expect(run).toThrow(syntaxError);
        else expect(run()).toEqual(expected.trimStart().split(','));
      });
    }
  });
} else {
  it.skip('the word cases of BuildKit (no ../shared/suites here)', () => {});
}

const syntaxError = expect.objectContaining({ code: 'dockerfile-syntax', location: undefined });

describe('patterns', () => {
  const cases: [word: string, foo: string, expected: string][] = [
    ['${FOO#*x}', 'xxyy', 'xyy'],
    ['${FOO##*x}', 'xxyy', 'yy'],
    ['${FOO#*}', 'xxyy', 'xxyy'],
    ['${FOO##*}', 'xxyy', ''],
    ['${FOO#}', 'xxyy', 'xxyy'],
    ['${FOO%y*}', 'xyxy', 'xyx'],
    ['${FOO%%y*}', 'xyxy', 'x'],
    ['${FOO%.*}', 'a.tar.gz', 'a.tar'],
    ['${FOO%%.*}', 'a.tar.gz', 'a'],
    ['${FOO##*/}', '/a/b/c', 'c'],
    ['${FOO%/*}', '/a/b/c', '/a/b'],
    ['${FOO%%\\**}', 'xx**', 'xx'],
    ['${FOO#?\\?}', '???y', '?y'],
    ['${FOO#[a]}', 'ab', 'ab'],
    ['${FOO#[a]}', '[a]b', 'b'],
    ['${FOO#\\}}', '}b', 'b'],
    ['${FOO#?}', '한국', '국'],
    ['${FOO#a*b*c}', 'abxcxc', 'xc'],
    ['${FOO##a*b*c}', 'abxcxc', ''],
    ['${FOO%$BAR}', 'xxyy', 'xxy'],
    ['${FOO/x/-}', 'axbx', 'a-bx'],
    ['${FOO//x/-}', 'axbx', 'a-b-'],
    ['${FOO//?/-}', 'abc', '---'],
    ['${FOO/b*d/-}', 'abcdcde', 'a-e'],
    ['${FOO//\\//_}', '/a/b', '_a_b'],
    ['${FOO/x*y/-}', 'axb', 'axb'],
    ['${FOO/x/$BAR}', 'axb', 'ayb'],
    ['${FOO//x/}', 'axbx', 'ab'],
    ['${FOO//x/$&}', 'ax', 'a$&'],
  ];
  it.each(cases)('%s of %j is %j', (word, foo, expected) => {
    const variables = new Map([
      ['FOO', foo],
      ['BAR', 'y'],
    ]);
    expect(expandWord(word, (name) => variables.get(name), '\\')).toBe(expected);
  });

  it.each(['${FOO:#a}', '${FOO:%a}', '${FOO//a}', '${FOO/a}', '${FOO#\\a}', '${FOO=a}'])(
    '%s is refused',
    (word) => {
      expect(() => expandWord(word, () => 'value', '\\')).toThrow(syntaxError);
    },
  );
});

describe('other escape character', () => {
  it('leaves backslashes alone', () => {
    expect(expandWord('C:\\a`$x"`"\\"', () => 'v', '`')).toBe('C:\\a$x"\\');
  });
});

describe('messages', () => {
  it.each([
    ['${x:?no $y}', 'x: no v'],
    ['${x:?a\nb}', 'x: a b'],
    ['${x?}', 'x: is not allowed to be unset'],
    ['"a', 'cannot expand `"a`: missing closing double quote'],
    ['${x:=a}', 'cannot expand `${x:=a}`: unsupported modifier `:=` in a substitution'],
  ])('%s fails with %j', (word, message) => {
    const run = () => expandWord(word, (name) => (name === 'y' ? 'v' : undefined), '\\');
    expect(run).toThrow(expect.objectContaining({ message, code: 'dockerfile-syntax' }));
  });
});

describe('hostile words', () => {
  const within = async (limit: number, run: () => unknown) =>
    expect(await effort(run)).toBeLessThan(limit);

  it('refuses forty doublings', () => {
    let value = 'x';
    const double = () => {
      for (let n = 0; n < 40; n++) value = expandWord('$a$a', () => value, '\\');
    };
    expect(double).toThrow('longer than 1048576 characters');
    expect(value.length).toBe(1 << 20);
  });

  it.each([
    ['in double quotes', '"$a$a$a"'],
    ['in a replacement', '${a//x/yyyyyyyyyyyyyyyy}'],
    ['in a default', '${b-$a$a$a}'],
  ])('refuses growth %s', async (_, word) => {
    const big = 'x'.repeat(1 << 19);
    const run = () => expandWord(word, (name) => (name === 'a' ? big : undefined), '\\');
    await within(3000, () => expect(run).toThrow(syntaxError));
  });

  it('refuses deep nesting and costly patterns', async () => {
    const deep = '${a:-'.repeat(1e5) + '}'.repeat(1e5);
    await within(3000, () => expect(() => expandWord(deep, () => '', '\\')).toThrow('nested'));
    const big = 'a'.repeat(1 << 19);
    const costly = '${a#*$ab}';
    const variables = (name: string) => (name === 'ab' ? `${big}b` : big);
    await within(3000, () => expect(() => expandWord(costly, variables, '\\')).toThrow('too long'));
  });

  it('matches forty stars quickly', async () => {
    const word = `\${a#${'*a'.repeat(40)}z}`;
    await within(1000, () => expandWord(word, () => 'a'.repeat(5000), '\\'));
  });
});

function rows(name: string): { line: number; text: string }[] {
  return readFileSync(join(suite, name), 'utf8')
    .split('\n')
    .map((text, index) => ({ line: index + 1, text }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
}
