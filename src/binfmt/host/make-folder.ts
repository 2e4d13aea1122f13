/** Makes a folder with those above it. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** One by one: Node's `recursive` says ENOENT where a file system is read-only. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o755 });
  }
}
