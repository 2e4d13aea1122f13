import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { O_PATH, openInRoot } from '../src/libc.ts';

const folder = mkdtempSync(join(tmpdir(), 'mpkit-libc-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Renames without a pause until it is killed. */
const renaming = `const { mkdirSync, renameSync } = require('node:fs');
mkdirSync('x');
console.log('begins');
for (;;) { renameSync('x', 'y'); renameSync('y', 'x'); }`;

it('finds what is there while others rename and mount elsewhere on the host', async () => {
  mkdirSync(join(folder, 'root/a/b'), { recursive: true });
  symlinkSync('../../a/b/../b', join(folder, 'root/a/link'));
  const root = openSync(join(folder, 'root'), 'r');
  const cwd = mkdtempSync(join(folder, 'renames-'));
  const other = spawn(process.execPath, ['-e', renaming], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(other.stdout, 'data');
    for (let count = 0; count < 20_000; count++)
      closeSync(openInRoot(root, '/a/link/../b', O_PATH));
    expect(other.exitCode).toBeNull();
  } finally {
    other.kill('SIGKILL');
    closeSync(root);
  }
});
