// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfile words look like templates
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../src/builder/dockerfile/parse.ts';
import { readStages } from '../../../src/builder/dockerfile/stages.ts';

function read(text: string) {
  const stages = readStages(parseDockerfile(text, 'Dockerfile'));
  const [first] = stages.faults;
  if (first) throw first.error;
  return stages;
}

/** The one instruction after FROM, without where it stands. */
function readOne(line: string) {
  const { stages } = read(`FROM a\n${line}\n`);
  const { location: _, original: __, ...body } = stages[0]!.instructions[0]!;
  return body;
}

describe('stages', () => {
  const { globalArgs, stages } = read(
    [
      '# syntax=docker/dockerfile:1',
      'ARG BASE=debian:13 EMPTY',
      'FROM --platform=$BUILDPLATFORM ${BASE} AS Build',
      'RUN --network=none make \\',
      '  all',
      'from scratch',
      'COPY --from=build --chown=1:$G /out/* "/app dir/"',
    ].join('\n'),
  );

  it('keeps ARG before the first FROM apart', () => {
    expect(globalArgs).toMatchObject([
      { kind: 'arg', args: [{ name: 'BASE', default: 'debian:13' }, { name: 'EMPTY' }] },
    ]);
  });

  it('numbers stages and names them in lower case', () => {
    expect(stages.map(({ index, name }) => [index, name])).toEqual([
      [0, 'build'],
      [1, undefined],
    ]);
    expect(stages[0]!.from).toMatchObject({
      image: '${BASE}',
      platform: '$BUILDPLATFORM',
      as: 'build',
      location: { file: 'Dockerfile', startLine: 3, endLine: 3 },
    });
    expect(stages[1]!.from).not.toHaveProperty('as');
  });

  it('says where an instruction stands and how it reads', () => {
    expect(stages[0]!.instructions).toMatchObject([
      {
        kind: 'run',
        network: 'none',
        command: { form: 'shell', text: 'make   all' },
        original: 'RUN --network=none make   all',
        location: { startLine: 4, endLine: 5 },
      },
    ]);
  });

  it('lets a later stage take a used name', () => {
    expect(read('FROM a AS x\nFROM b AS X\n').stages.map(({ name }) => name)).toEqual(['x', 'x']);
  });
});

describe('instructions', () => {
  it.each<[string, object]>([
    ['ARG a="b c" d', { kind: 'arg', args: [{ name: 'a', default: '"b c"' }, { name: 'd' }] }],
    ['ARG a=', { kind: 'arg', args: [{ name: 'a', default: '' }] }],
    ['RUN ["a", "b c"]', { kind: 'run', command: { form: 'exec', argv: ['a', 'b c'] } }],
    ['RUN ["a", ]', { kind: 'run', command: { form: 'shell', text: '["a", ]' } }],
    ['COPY a b /c', { kind: 'copy', sources: ['a', 'b'], destination: '/c' }],
    ['COPY ["a b", "$c"]', { kind: 'copy', sources: ['a b'], destination: '$c' }],
    [
      'COPY --from=0 --chmod=0755 --chown=u:g a b',
      { kind: 'copy', from: '0', chmod: '0755', chown: 'u:g', sources: ['a'], destination: 'b' },
    ],
    [
      'ENV a=1 "b c"=\'d e\'',
      {
        kind: 'env',
        pairs: [
          ['a', '1'],
          ['"b c"', "'d e'"],
        ],
      },
    ],
    ['ENV a b = $c', { kind: 'env', pairs: [['a', 'b = $c']] }],
    [
      'LABEL __proto__=1 a=',
      {
        kind: 'label',
        pairs: [
          ['__proto__', '1'],
          ['a', ''],
        ],
      },
    ],
    ['WORKDIR /a b', { kind: 'workdir', path: '/a b' }],
    ['USER $u:g', { kind: 'user', user: '$u:g' }],
    ['STOPSIGNAL 9', { kind: 'stopsignal', signal: '9' }],
    ['EXPOSE 80 $p/udp', { kind: 'expose', ports: ['80', '$p/udp'] }],
    ['VOLUME ["/a b"]', { kind: 'volume', paths: ['/a b'] }],
    ['CMD []', { kind: 'cmd', command: { form: 'exec', argv: [] } }],
    ['EntryPoint a b', { kind: 'entrypoint', command: { form: 'shell', text: 'a b' } }],
    ['SHELL ["/bin/bash", "-c"]', { kind: 'shell', command: ['/bin/bash', '-c'] }],
  ])('%s', (line, expected) => {
    expect(readOne(line)).toEqual(expected);
  });
});

type Refusal = [text: string, code: string, lines: string, message: string, hint?: string];

const syntax = 'dockerfile-syntax';
const later = 'not-supported';

const refusals: Refusal[] = [
  ['', syntax, '1', 'file with no instructions: expected a `FROM`'],
  ['ARG a\n', syntax, '1', 'file without a build stage: expected a `FROM`'],
  ['RUN x\n', syntax, '1', 'no build stage for `RUN`: expected a `FROM` before it'],
  [
    '# escape=x\nFROM a\n',
    syntax,
    '1',
    'invalid escape character `x`: expected a backslash or a backquote',
  ],
  ['#escape=`\n# Escape=`\nFROM a\n', syntax, '2', 'parser directive `escape` is given twice'],
  ['FROM a\nCOYP a b\n', syntax, '2', 'unknown instruction `COYP`', 'did you mean `COPY`?'],
  ['FROM a\n\nrunn \\\n y\n', syntax, '3-4', 'unknown instruction `runn`', 'did you mean `RUN`?'],
  ['FROM a\nXYZZY\n', syntax, '2', 'unknown instruction `XYZZY`'],
  ['FROM a b\n', syntax, '1', '`FROM` has `b` after the image: expected `AS name`'],
  ['FROM\n', syntax, '1', '`FROM` needs an image: found nothing'],
  [
    'FROM a AS 1\n',
    syntax,
    '1',
    'invalid stage name `1`: expected a letter, then letters, digits, `_`, `.` or `-`',
  ],
  [
    'FROM --platfrom=x a\n',
    syntax,
    '1',
    'unknown flag `--platfrom` of `FROM`',
    'did you mean `--platform`?',
  ],
  ['FROM a\nARG --x a\n', syntax, '2', 'unknown flag `--x` of `ARG`'],
  ['FROM a\nARG =b\n', syntax, '2', '`ARG` has no name before `=b`'],
  ['FROM a\nENV A\n', syntax, '2', '`ENV` needs a value for `A`', 'write `ENV A=value`'],
  [
    'FROM a\nENV A=b c\n',
    syntax,
    '2',
    '`ENV` has `c` where `key=value` was expected',
    'put a value with blanks in quotes',
  ],
  ['FROM a\nLABEL =b\n', syntax, '2', '`LABEL` has no name before `=b`'],
  [
    'FROM a\nRUN --network=hots x\n',
    syntax,
    '2',
    'invalid `--network=hots`: expected one of `default`, `none`, `host`',
    'did you mean `host`?',
  ],
  ['FROM a\nRUN --network=none --network=none x\n', syntax, '2', 'flag `--network` is given twice'],
  ['FROM a\nRUN\n', syntax, '2', '`RUN` needs a command: found nothing'],
  ['FROM a\nRUN []\n', syntax, '2', '`RUN` needs a command: found an empty array'],
  [
    'FROM a\nCMD ["a", 1]\n',
    syntax,
    '2',
    'element 2 of the JSON array is a number: expected a string',
    'put every element in double quotes',
  ],
  ['FROM a\nCOPY a\n', syntax, '2', '`COPY` needs a source and a destination: found 1'],
  [
    'FROM a\nCOPY --chown a b\n',
    syntax,
    '2',
    'flag `--chown` needs a value: expected `--chown=...`',
  ],
  [
    'FROM a\nCOPY --from=$x a b\n',
    syntax,
    '2',
    '`--from=$x` has a variable: expected a plain name',
    'give it a stage of its own, `FROM $IMAGE AS name`, and copy from that name',
  ],
  [
    'FROM a\nSHELL bash -c\n',
    syntax,
    '2',
    '`SHELL` needs a JSON array: found `bash -c`',
    'for example `SHELL ["/bin/bash", "-c"]`',
  ],
  ['FROM a\nVOLUME ["/a", ""]\n', syntax, '2', '`VOLUME` has an empty path'],
  [
    'FROM a\nRUN cat <<E\nx\n',
    syntax,
    '2-3',
    'here-document `E` does not end: expected a line `E`',
  ],
  [
    'FROM a\nRUN cat <<E\nx\nE\n',
    later,
    '2-4',
    'a here-document in `RUN` is not supported by mpkit yet',
  ],
  [
    'FROM a\nRUN --mount=type=cache,target=/x y\n',
    later,
    '2',
    '`RUN --mount` is not supported by mpkit yet',
  ],
  ['FROM a\nCOPY --link a b\n', later, '2', '`COPY --link` is not supported by mpkit yet'],
  ['FROM --after=x a\n', later, '1', '`FROM --after` is not supported by mpkit yet'],
  [
    'FROM a\nADD a b\n',
    later,
    '2',
    '`ADD` is not supported by mpkit yet',
    'use `COPY` for files of the build context',
  ],
  ['FROM a\nONBUILD RUN x\n', later, '2', '`ONBUILD` is not supported by mpkit yet'],
  ['FROM a\nHEALTHCHECK NONE\n', later, '2', '`HEALTHCHECK` is not supported by mpkit yet'],
  [
    'FROM a\nMAINTAINER x\n',
    later,
    '2',
    '`MAINTAINER` is not supported by mpkit yet',
    'use `LABEL org.opencontainers.image.authors="..."`',
  ],
];

describe('refusals', () => {
  it.each(refusals)('%j: %s at %s: %s', (text, code, lines, message, hint) => {
    const [startLine, endLine = startLine] = lines.split('-').map(Number);
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code,
        message,
        hint,
        location: { file: 'Dockerfile', text, startLine, endLine },
      }),
    );
  });
});

describe('several faults', () => {
  const faults = (text: string) =>
    readStages(parseDockerfile(text, 'Dockerfile')).faults.map(
      ({ error: { message, location } }) => `${location?.startLine}: ${message}`,
    );

  it('are told at once, each with its line', () => {
    expect(
      faults(
        'FROM a\nADD a b\nCOPY --link x y\nRUN ok\nFOO\nRUN --mount=type=cache --device=x z\nENV a\nLABEL b=c d\n',
      ),
    ).toEqual([
      '2: `ADD` is not supported by mpkit yet',
      '3: `COPY --link` is not supported by mpkit yet',
      '5: unknown instruction `FOO`',
      '6: `RUN --mount --device` is not supported by mpkit yet',
      '7: `ENV` needs a value for `a`',
      '8: `LABEL` has `d` where `key=value` was expected',
    ]);
  });

  it('do not follow from one another', () => {
    expect(faults('FROM --platform a\nRUN x\nADD a b')).toHaveLength(2);
    expect(faults('RUN x\nRUN y\nFROM a')).toEqual([
      '1: no build stage for `RUN`: expected a `FROM` before it',
    ]);
  });
});
