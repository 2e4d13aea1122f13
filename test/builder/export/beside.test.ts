/** Whoever owns the folder that a result is made in may rename and link there as they like. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openBeside } from '../../../src/builder/export/beside.ts';
import { temporaryFolder } from '../image/workshop.ts';

it.each(['folder', 'file'] as const)('a %s is written where it was made', (kind) => {
  const [theirs, other] = [temporaryFolder(), temporaryFolder()];
  writeFileSync(join(other, 'kept'), 'kept');
  const beside = openBeside(join(theirs, 'out'), kind);
  const [name = ''] = readdirSync(theirs);
  const moved = join(theirs, 'moved');
  renameSync(join(theirs, name), moved);
  symlinkSync(kind === 'folder' ? other : join(other, 'kept'), join(theirs, name));
  if (kind === 'folder') mkdirSync(join(beside.place, 'blobs'));
  writeFileSync(kind === 'folder' ? join(beside.place, 'index.json') : beside.place, 'written');
  beside.remove();
  expect(readdirSync(other)).toEqual(['kept']);
  expect(readFileSync(join(other, 'kept'), 'utf8')).toBe('kept');
  expect(existsSync(kind === 'folder' ? join(moved, 'index.json') : moved)).toBe(true);
});

it("what a folder's owner lays in the way is neither removed nor replaced", async () => {
  const theirs = temporaryFolder();
  const dest = join(theirs, 'out');
  const dead = join(theirs, '.out.mpkit-0123456789ab');
  mkdirSync(join(dead, 'letters'), { recursive: true });
  const beside = openBeside(dest, 'folder');
  expect(existsSync(join(dead, 'letters'))).toBe(true);
  // moved there after the destination was looked at
  renameSync(dead, dest);
  await expect(beside.take()).rejects.toMatchObject({ code: 'invalid-input' });
  beside.remove();
  expect(readdirSync(theirs)).toEqual(['out']);
  expect(readdirSync(dest)).toEqual(['letters']);
});
