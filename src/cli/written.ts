/** Results that the caller names a place for: the folder is lent, what has the name is replaced. */
import { readlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { hostPath } from '../caller-paths.ts';
import { ioError, MpkitError } from '../errors.ts';
import { writeWhole } from '../small-files.ts';
import { openSpecial } from '../special-file.ts';
import { putToStdout } from '../stdout.ts';

/** A link at the end is not followed: it may come with the sources. Throws as `hostPath` does. */
export function writtenPlace(path: string): string {
  const name = basename(path);
  // the names of a folder that has another one
  const isFolder = name === '.' || name === '..';
  const place = isFolder ? hostPath(path, 'write') : join(hostPath(dirname(path), 'write'), name);
  if (/^\/proc\//.test(`${place}/`) || /^\/proc\//.test(targetOf(place)))
    throw new MpkitError('usage', `\`${path}\` is no place for a result`, {
      hint: 'of descriptors only stdout is written to: `/dev/stdout`; or name a file or a pipe',
    });
  return place;
}

/** Its usual names; where they lead to is another place for each process. */
export function isStdout(path: string): boolean {
  return ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'].includes(resolve(path));
}

/** Where a link leads next; those of /dev lead to what this process has open. */
function targetOf(path: string): string {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return '';
  }
}

/** Replaces a file, writes into a pipe or device. Throws `io`, `disk-full`, `permission-denied`. */
export async function writeResult(path: string, text: string, signal?: AbortSignal): Promise<void> {
  if (isStdout(path)) return putToStdout(text, signal);
  const place = writtenPlace(path);
  try {
    const special = await openSpecial(place, signal);
    if (special) await special.put(Buffer.from(text)).finally(special.close);
    else writeWhole(place, text);
  } catch (error) {
    throw ioError(error, `writing \`${path}\``);
  }
}
