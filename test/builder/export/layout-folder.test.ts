import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  isReplaceable,
  makeHeld,
  removeLayout,
} from '../../../src/builder/export/layout-folder.ts';
import { walkTree } from '../../../src/walk-tree.ts';
import { tools } from '../../integration/escapes/arena.ts';

const { folder: programs } = tools('exchange');
const blob = 'a'.repeat(64);
let own: string;
let tree: string;
beforeAll(() => {
  own = mkdtempSync(join(tmpdir(), 'mpkit-layout-'));
});
beforeEach(() => {
  tree = join(own, 'tree');
  rmSync(tree, { recursive: true, force: true });
  makeLayout(tree, [blob]);
});
afterAll(() => rmSync(own, { recursive: true, force: true }));

/** Node's own way of going on into folders follows links. */
function namesIn(path: string): string[] {
  return [...walkTree(Buffer.from(path))].map(({ name }) => name.toString());
}

function makeLayout(path: string, blobs: string[]): void {
  mkdirSync(join(path, 'blobs/sha256'), { recursive: true });
  for (const name of ['oci-layout', 'index.json']) writeFileSync(join(path, name), '{}');
  for (const name of blobs) writeFileSync(join(path, 'blobs/sha256', name), '');
}

it('a layout is replaced and removed', () => {
  mkdirSync(join(tree, 'ingest'));
  expect(isReplaceable(tree)).toBe(true);
  removeLayout(tree);
  expect(existsSync(tree)).toBe(false);
  expect(isReplaceable(tree)).toBe(false);
  expect(() => removeLayout(tree)).not.toThrow();
});

it('one that was never finished is removed, not replaced', () => {
  for (const name of ['oci-layout', 'index.json']) rmSync(join(tree, name));
  expect(isReplaceable(tree)).toBe(false);
  removeLayout(tree);
  expect(existsSync(tree)).toBe(false);
});

describe('is neither replaced nor touched where it holds', () => {
  const others: [what: string, put: (tree: string) => void][] = [
    ['a file', (tree) => writeFileSync(join(tree, 'letter'), '')],
    ['a folder', (tree) => mkdirSync(join(tree, 'letters'))],
    [
      'a link for its blobs',
      (tree) => {
        rmSync(join(tree, 'blobs'), { recursive: true });
        symlinkSync(own, join(tree, 'blobs'));
      },
    ],
    ['a link for a blob', (tree) => symlinkSync(own, join(tree, 'blobs/sha256', 'b'.repeat(64)))],
    ['a blob that is none', (tree) => writeFileSync(join(tree, 'blobs/sha256/letter'), '')],
    [
      'something unfinished',
      (tree) => mkdirSync(join(tree, 'ingest/letters'), { recursive: true }),
    ],
  ];
  it.each(others)('%s', (_, put) => {
    put(tree);
    const before = namesIn(tree);
    expect(isReplaceable(tree)).toBe(false);
    removeLayout(tree);
    expect(namesIn(tree)).toEqual(before);
  });
});

it('links that take the place of its folders lead to nothing that is removed', async () => {
  const other = join(own, 'other');
  const names = Array.from({ length: 20 }, (_, at) => `${at}`.padStart(64, '0')).sort();
  mkdirSync(other);
  for (const name of names) writeFileSync(join(other, name), '');
  for (let left = 60; left > 0; left--) {
    rmSync(tree, { recursive: true, force: true });
    makeLayout(tree, names);
    const link = join(own, 'link');
    symlinkSync(other, link);
    const sha256 = join(tree, 'blobs/sha256');
    const exchange = spawn(join(programs, 'exchange'), ['60', sha256, link]);
    const ended = once(exchange, 'close');
    await once(exchange.stdout, 'data');
    removeLayout(tree);
    exchange.kill('SIGKILL');
    await ended;
    expect(readdirSync(other).sort()).toEqual(names);
    rmSync(link, { recursive: true, force: true });
  }
});

it('a new folder is never one that a link leads to', () => {
  symlinkSync(own, join(tree, 'new'));
  expect(() => makeHeld(tree, 'new')).toThrow('EEXIST');
});
