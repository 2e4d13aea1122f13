import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cycles, type Import, importsOf, unitOf, wrongDirections } from './helpers/architecture.ts';

const root = join(import.meta.dirname, '..');

function filesOf(folder: string, ending: RegExp): Map<string, string> {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const paths = names.filter((name) => ending.test(name)).map((name) => join(folder, name));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

const sources = filesOf('src', /\.tsx?$/);
const native = filesOf('native', /\.[chS]$|Makefile$/);
const imports = [...sources].flatMap(([path, text]) => importsOf(path, text));
const inside = imports.filter(({ to }) => to.startsWith('src/'));

/** Longer than 250 lines, each for a reason. */
const longFiles = new Map<string, string>([
  ['src/libc.ts', 'one declaration and one function for each call into libc'],
]);

/** Stages that only compute: no file, process or socket is touched. */
const pure = [
  /^src\/builder\/(dockerfile|plan)\//,
  /^src\/binfmt\/(entry|table)\.ts$/,
  /^src\/tui\/state\//,
];
const effects =
  /^(node:(fs|net|http|https|child_process|worker_threads|tls|dgram|dns)(\/|$)|src\/(process|libc)\.ts$)/;

describe('the sources', () => {
  it('import in one direction', () => {
    expect(wrongDirections(imports, [...sources.keys()])).toEqual([]);
  });

  it('import files that exist', () => {
    const missing = inside.filter(({ to }) => !sources.has(to));
    expect(missing.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('have no cycle between files', () => {
    expect(cycles(inside.map(({ from, to }) => [from, to]))).toEqual([]);
  });

  it('have no cycle between folders', () => {
    const edges = inside.map(({ from, to }): [string, string] => [unitOf(from), unitOf(to)]);
    expect(cycles(edges.filter(([from, to]) => from !== to))).toEqual([]);
  });

  it('touch nothing where they only compute', () => {
    const wrong = imports.filter(
      ({ from, to, typeOnly }) =>
        !typeOnly && effects.test(to) && pure.some((each) => each.test(from)),
    );
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('have names that say what a file holds', () => {
    const vague = [...sources.keys()].filter((path) =>
      /^(utils?|helpers?|misc|common)\./.test(basename(path)),
    );
    expect(vague).toEqual([]);
  });

  it('are short, or say why not', () => {
    const long = [...sources, ...native].filter(([, text]) => text.split('\n').length - 1 > 250);
    expect(long.map(([path]) => path)).toEqual([...longFiles.keys()]);
  });

  it('have no markers of unfinished work', () => {
    const marked = [...sources, ...native].filter(([, text]) =>
      /\b(TODO|FIXME|XXX|HACK)\b/.test(text),
    );
    expect(marked.map(([path]) => path)).toEqual([]);
  });
});

describe('the judge of imports', () => {
  const judge = (...list: [from: string, to: string, typeOnly?: boolean][]) =>
    wrongDirections(
      list.map(([from, to, typeOnly = false]): Import => ({ from, to, typeOnly })),
      ['src/binfmt/index.ts', 'src/builder/index.ts'],
    );

  it('prints the path of a violation', () => {
    expect(judge(['src/binfmt/entry.ts', 'src/cli/main.ts'])).toEqual([
      'src/binfmt/entry.ts → src/cli/main.ts: `binfmt` may not import `cli`',
    ]);
  });

  it.each<[string, string]>([
    ['src/errors.ts', 'src/binfmt/index.ts'],
    ['src/emulator/store.ts', 'src/builder/index.ts'],
    ['src/cli/build.ts', 'src/binfmt/table.ts'],
    ['src/tui/state.ts', 'src/builder/index.ts'],
    ['src/builder/image/layer.ts', 'src/builder/plan/graph.ts'],
    ['src/builder/image/layer.ts', 'src/builder/build.ts'],
    ['src/builder/stray/file.ts', 'src/builder/image/layer.ts'],
    ['src/cli/build.ts', 'execa'],
    ['src/process.ts', 'koffi'],
  ])('refuses %s → %s', (from, to) => expect(judge([from, to])).toHaveLength(1));

  it.each<[string, string, boolean]>([
    ['src/cli/build.ts', 'src/builder/index.ts', false],
    ['src/tui/state.ts', 'src/builder/events.ts', true],
    ['src/builder/build.ts', 'src/builder/plan/graph.ts', false],
    ['src/builder/image/truthful.ts', 'src/binfmt/index.ts', false],
    ['src/builder/solve/ops/run.ts', 'src/builder/events.ts', false],
    ['src/binfmt/entry.ts', 'src/errors.ts', false],
    ['src/process.ts', 'execa', false],
  ])('accepts %s → %s', (from, to, typeOnly) => expect(judge([from, to, typeOnly])).toEqual([]));

  it('reads every form of import and no comment', () => {
    const text = [
      "import a, { b,\n  c } from './a.ts';",
      "import type { D } from '../d.ts';",
      "export * from './e.ts';",
      "import './f.ts';",
      "const g = await import('./g.ts');",
      "// import h from './h.ts'",
      "/* import i from './i.ts' */",
    ].join('\n');
    expect(importsOf('src/x/y.ts', text).map(({ to, typeOnly }) => `${to} ${typeOnly}`)).toEqual([
      'src/x/a.ts false',
      'src/d.ts true',
      'src/x/e.ts false',
      'src/x/f.ts false',
      'src/x/g.ts false',
    ]);
  });

  it('finds a cycle and prints it', () => {
    expect(
      cycles([
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'a'],
        ['d', 'a'],
      ]),
    ).toEqual(['a → b → c → a']);
  });
});
