import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { clone, project } from '../helpers/mpkit.ts';
import { timesAsLong } from '../helpers/speed.ts';

const place = project({ Dockerfile: 'FROM scratch\n' });
afterAll(() => place.remove());

/** What a command loads, both outside and inside the namespace. */
async function loadedBy(args: string[]): Promise<string[]> {
  const NODE_OPTIONS = `--import ${join(clone, 'test/fixtures/list-modules.mjs')}`;
  const { stderr } = await place.mpkit(args, { env: { NODE_OPTIONS } });
  const paths = [...stderr.matchAll(/^loads (.*)$/gm)].map(([, path]) => path as string);
  // inside, root has the package at the place where it was lent
  return paths.map((path) => path.replace(/^.*\/mpkit-loan-\d+/, clone));
}

const drawing = (path: string) => readFileSync(path, 'utf8').includes('react.transitional.element');

describe('what commands load', () => {
  it.each([
    ['--help'],
    ['--version'],
    ['build', '--help'],
    ['emulator', 'ls'],
    ['history', 'ls'],
    ['build', '--progress', 'plain', '.'],
    ['build', '--progress', 'rawjson', '.'],
    ['bench', '--history'],
    [],
  ])('has no React: mpkit %s %s %s %s', async (...args) => {
    const loaded = await loadedBy(args.filter((each) => each !== undefined));
    expect(loaded.some((path) => path.endsWith('dist/main.js'))).toBe(true);
    expect(loaded.filter(drawing)).toEqual([]);
  });

  it('would notice React', async () => {
    const names = readFileSync(join(clone, 'dist/main.js'), 'utf8');
    expect(names).not.toContain('react.transitional.element');
    const react = join(clone, 'node_modules/react/cjs/react.production.js');
    expect(drawing(react)).toBe(true);
  });

  it('answers --help in four starts of node', async () => {
    const node = () => place.run([process.execPath, '-e', '0']);
    expect(await timesAsLong(() => place.mpkit(['--help']), node, 4)).toBeLessThan(4);
  });
});
