/** Small files that appear whole or not at all, and that count as missing where they are damaged. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

/** Undefined where it cannot be read, or is no JSON. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
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
