// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfile words look like templates
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Dockerfile,
  type DockerfileNode,
  parseDockerfile,
} from '../../../src/builder/dockerfile/parse.ts';
import { readStages } from '../../../src/builder/dockerfile/stages.ts';
import { effort } from '../../helpers/speed.ts';

const suite = join(import.meta.dirname, '../../../../shared/suites/buildkit-parser');

if (existsSync(suite)) {
  describe('the parser cases of BuildKit', () => {
    for (const name of readdirSync(join(suite, 'testfiles')))
      it(name, () => {
        const folder = join(suite, 'testfiles', name);
        const text = readFileSync(join(folder, 'Dockerfile'), 'utf8');
        const expected = readFileSync(join(folder, 'result'), 'utf8').trimEnd();
        expect(dump(parseDockerfile(text, name))).toBe(expected);
      });

    for (const name of readdirSync(join(suite, 'testfiles-negative')))
      it(`${name} is refused`, () => {
        const text = readFileSync(join(suite, 'testfiles-negative', name, 'Dockerfile'), 'utf8');
        expect(() => parse(text, name)).toThrow(
          expect.objectContaining({
            code: 'dockerfile-syntax',
            location: expect.objectContaining({ file: name }),
          }),
        );
      });

    it('knows the lines', () => {
      const folder = join(suite, 'testfile-line');
      const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
      const { nodes } = parseDockerfile(readFileSync(join(folder, 'Dockerfile'), 'utf8'), 'x');
      expect(nodes.map(({ startLine, endLine }) => [startLine, endLine])).toEqual(
        expected.children,
      );
    });
  });
} else {
  it.skip('the parser cases of BuildKit (no ../shared/suites here)', () => {});
}

describe('lines', () => {
  it('drops a byte order mark and Windows line ends', () => {
    const { nodes } = parseDockerfile('\uFEFFFROM a\r\nRUN b \\\r\n  c\r\n', 'x');
    expect(nodes.map(({ keyword, arguments: words }) => [keyword, ...words])).toEqual([
      ['FROM', 'a'],
      ['RUN', 'b   c'],
    ]);
  });

  it('keeps the keyword as typed and the instruction on one line', () => {
    const { nodes } = parseDockerfile('  from a\nrUn b \\\n# comment \\\n\n c\n', 'x');
    expect(nodes.map(({ keyword, original }) => [keyword, original])).toEqual([
      ['from', 'from a'],
      ['rUn', 'rUn b  c'],
    ]);
    expect(nodes[1]).toMatchObject({ startLine: 2, endLine: 5 });
  });

  it('reads a megabyte of blanks and escapes in linear time', async () => {
    const filler = ' \t'.repeat(500_000);
    const texts = [
      `FROM a${filler}b\n`,
      `# escape ${filler}x\nFROM a\n`,
      `# escape=\\${filler}\nFROM a\n`,
      `FROM a\nENV a=${filler}b=c\n`,
      `FROM a\nRUN --network=none${filler}x\n`,
      `FROM a\nRUN ${'\r'.repeat(1e6)}x\n`,
      `FROM a\nRUN ${'\\'.repeat(1e6)}x <<E\nE\n`,
      `FROM a\nCMD ${'['.repeat(1e6)}\n`,
      `FROM a\nRUN x ${'\\\n\n'.repeat(3e5)}\n`,
    ];
    const read = () => texts.forEach((text) => void parseDockerfile(text, 'x'));
    expect(await effort(read)).toBeLessThan(5000);
  });

  it('refuses deep ONBUILD without exhausting the stack', () => {
    expect(() => parse(`FROM a\n${'ONBUILD '.repeat(1e5)}RUN x\n`, 'x')).toThrow(
      'inside `ONBUILD`',
    );
  });
});

describe('directives', () => {
  it.each([
    ['# syntax=docker/dockerfile:1\n# escape=`\n', '`'],
    ['# Escape = `\n', '`'],
    ['# check=skip=all\n#escape=`\n', '`'],
    ['# hello\n# escape=`\n', '\\'],
    ['\n# escape=`\n', '\\'],
    ['# unknown=1\n# escape=`\n', '\\'],
    ['# escape=\\\n', '\\'],
  ])('%j sets the escape character %s', (top, expected) => {
    expect(parseDockerfile(`${top}FROM a\n`, 'x').escape).toBe(expected);
  });
});

describe('here-documents', () => {
  const read = (text: string) => parseDockerfile(`FROM a\n${text}`, 'x').nodes[1]!;

  it('reads several bodies in order', () => {
    const node = read('RUN cat <<A 3<<-"B C" && x\none\nA\n\ttwo\n\tB C\nRUN y\n');
    expect(node).toMatchObject({
      original: 'RUN cat <<A 3<<-"B C" && x',
      startLine: 2,
      endLine: 6,
    });
    expect(node.heredocs).toEqual([
      { name: 'A', expand: true, stripTabs: false, descriptor: 0, body: 'one\n' },
      { name: 'B C', expand: false, stripTabs: true, descriptor: 3, body: '\ttwo\n' },
    ]);
  });

  it.each([
    ["<<'EOF'", 'EOF', false],
    ['<<E"O"F', 'EOF', false],
    ["<<eo\\'f", "eo'f", true],
    ['<<"a\\"b"', 'a"b', false],
    ['${x:- <<no } <<yes', 'yes', true],
  ])('%s ends at %s, expanded: %s', (opener, name, expands) => {
    const [document] = read(`COPY ${opener} /\nbody\n${name}\n`).heredocs;
    expect(document).toMatchObject({ name, expand: expands, body: 'body\n' });
  });

  it.each([
    'RUN echo "<<A"',
    "RUN echo '<<A'",
    'RUN ["<<A"]',
    'RUN cat <<<A',
    'ENV a=<<A',
    'RUN a<<A',
  ])('%s opens none', (line) => {
    expect(read(`${line}\n`).heredocs).toEqual([]);
  });

  it('keeps the bytes of a body, comments and continuations included', () => {
    const [document] = read('COPY <<E /\r\n# a \\\r\n\n  b\r\nE\r\nRUN x\n').heredocs;
    expect(document!.body).toBe('# a \\\r\n\n  b\r\n');
  });

  it('goes through ONBUILD', () => {
    const node = read('ONBUILD COPY <<E /\na\nE\n');
    expect(node.heredocs).toMatchObject([{ name: 'E', body: 'a\n' }]);
    expect(node.child).toMatchObject({
      keyword: 'COPY',
      arguments: ['<<E', '/'],
      startLine: 2,
      endLine: 4,
    });
  });
});

it('keeps the place of what it cannot read, and goes on', () => {
  const text = 'FROM a\nONBUILD ONBUILD RUN x\nRUN --flag\\\nRUN y\nRUN <<E\nno end\n';
  const wrong = parseDockerfile(text, 'x').nodes.filter(({ fault }) => fault);
  expect(wrong).toMatchObject([
    { keyword: 'ONBUILD', startLine: 2, endLine: 2 },
    { keyword: 'RUN', startLine: 5, endLine: 6 },
  ]);
});

/** With the error that a build would give. */
function parse(text: string, name: string): Dockerfile {
  const dockerfile = parseDockerfile(text, name);
  const [first] = readStages(dockerfile).faults;
  if (first) throw first.error;
  return dockerfile;
}

/** Prints nodes in the form of the golden files. */
function dump({ nodes }: Dockerfile): string {
  return nodes.map(dumpNode).join('\n');
}

function dumpNode({ keyword, flags, arguments: words, child }: DockerfileNode): string {
  const parts = [keyword.toLowerCase()];
  if (flags.length > 0) parts.push(`[${flags.map(quote).join(' ')}]`);
  if (child) parts.push(dumpNode(child));
  return `(${[...parts, ...words.map(quote)].join(' ')})`;
}

/** As Go's `%q` prints a string. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/\\u00([01].)/g, '\\x$1');
}
