/** Small files that appear whole or not at all, and that count as missing where they are damaged. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Replaces `path`. `flush`: only once the bytes are on the disk. Throws what Node throws. */
export function writeWhole(path: string, text: string, options: { flush?: boolean } = {}): void {
  const unique = randomBytes(6).toString('hex');
  const temporary = join(dirname(path), `.${basename(path)}.${unique}`);
  try {
    writeFileSync(temporary, text, { flush: options.flush ?? false });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Undefined where it cannot be read, is no file of its own, or no JSON. */
export function readJson(path: string): unknown {
  let fd: number | undefined;
  try {
    // nobody is waited for whose pipe lies there
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return JSON.parse(readFileSync(fd, 'utf8'));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The names in a folder that match; none where there is no folder. */
export function namesIn(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder).filter((name) => pattern.test(name));
  } catch {
    return [];
  }
}
