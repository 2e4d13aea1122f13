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
import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeTree } from '../src/remove-tree.ts';
import { tools } from './integration/escapes/arena.ts';

const { folder: programs } = tools('exchange');
let own: string;
beforeAll(() => {
  own = mkdtempSync(join(tmpdir(), 'mpkit-remove-'));
});
afterAll(() => rmSync(own, { recursive: true, force: true }));

it("a link that takes a folder's place meanwhile leads to nothing that is removed", async () => {
  const other = join(own, 'other');
  mkdirSync(other);
  const names = Array.from({ length: 20 }, (_, at) => `kept-${at}`).sort();
  for (const name of names) writeFileSync(join(other, name), '');
  for (let left = 60; left > 0; left--) {
    const tree = join(own, 'tree');
    const inside = join(tree, 'inside');
    mkdirSync(inside, { recursive: true });
    for (const name of names) writeFileSync(join(inside, name), '');
    const link = join(own, 'link');
    symlinkSync(other, link);
    const exchange = spawn(join(programs, 'exchange'), ['60', inside, link]);
    const ended = once(exchange, 'close');
    await once(exchange.stdout, 'data');
    try {
      removeTree(Buffer.from(tree), { isShared: true });
    } catch {
      // whoever plays with the tree may hinder, not harm
    }
    exchange.kill('SIGKILL');
    await ended;
    expect(readdirSync(other).sort()).toEqual(names);
    for (const each of [tree, link]) rmSync(each, { recursive: true, force: true });
  }
});

it('two that remove the same tree both succeed', () => {
  const tree = join(own, 'both');
  mkdirSync(join(tree, 'a/b'), { recursive: true });
  removeTree(Buffer.from(tree), { isShared: true });
  removeTree(Buffer.from(tree), { isShared: true });
  expect(existsSync(tree)).toBe(false);
  expect(() => removeTree(Buffer.from(tree))).toThrow('ENOENT');
});
