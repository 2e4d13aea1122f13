/**
 * Results are made beside their destination and then take its name. What they are made in is
 * locked: the next export to that destination removes what a killed one left, and only that.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, lstatSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { claimNew, removeUnclaimed } from '../../claim.ts';
import { MpkitError } from '../../errors.ts';
import { exchangeNames } from '../../libc.ts';
import { isReplaceable, removeLayout } from './layout-folder.ts';

export interface Beside {
  /** Where to write it: whoever owns the folder above cannot put a link in its place. */
  place: string;
  /** Gives it the destination's name; what had that is removed. */
  take: () => Promise<void>;
  /** Removes what is left; harmless after `take`. */
  remove: () => void;
}

/** A new file or folder beside `dest`. */
export function openBeside(dest: string, kind: 'file' | 'folder'): Beside {
  removeDead(dest);
  const { path, fd } = lockedSibling(dest, kind);
  return {
    place: `/proc/self/fd/${fd}`,
    // one step, so that whoever is killed here leaves the old result or the new one
    take: () => (kind === 'file' ? rename(path, dest) : exchange(path, dest)),
    remove: () => {
      if (kind === 'file') rmSync(path, { force: true });
      else removeLayout(path);
      closeSync(fd);
    },
  };
}

/** What no export may replace. */
export function requireReplaceable(dest: string, path = dest): void {
  if (!lstatSync(path, { throwIfNoEntry: false }) || isReplaceable(path)) return;
  throw new MpkitError('invalid-input', `\`${dest}\` exists and is not an OCI layout`, {
    hint: 'remove it, or name another folder',
  });
}

/** Where others write to `dest` too, it may be there or not from one moment to the next. */
async function exchange(path: string, dest: string): Promise<void> {
  for (let left = 100; !exchangeNames(path, dest); left--) {
    try {
      return await rename(path, dest);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (left === 0 || (code !== 'ENOTEMPTY' && code !== 'EEXIST')) throw error;
    }
  }
  try {
    // it may have come there since it was looked at
    requireReplaceable(dest, path);
  } catch (error) {
    exchangeNames(path, dest);
    throw error;
  }
}

function lockedSibling(dest: string, kind: 'file' | 'folder'): { path: string; fd: number } {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_CREAT, O_EXCL, O_WRONLY } = constants;
  const flags =
    kind === 'folder' ? O_RDONLY | O_DIRECTORY | O_NOFOLLOW : O_WRONLY | O_CREAT | O_EXCL;
  return claimNew(
    () => {
      const path = join(dirname(dest), `${prefixOf(dest)}${randomBytes(6).toString('hex')}`);
      if (kind === 'folder') mkdirSync(path);
      // throws where no file can ever be made
      else lstatSync(dirname(path));
      return { path };
    },
    (path) => openSync(path, flags, 0o666),
  );
}

function removeDead(dest: string): void {
  const prefix = prefixOf(dest);
  for (const name of readdirSync(dirname(dest))) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{12}$/.test(name.slice(prefix.length))) continue;
    const path = join(dirname(dest), name);
    const kind = ourKind(path);
    if (kind === 'file') removeUnclaimed(path, openUnfollowed, () => rmSync(path, { force: true }));
    if (kind === 'folder') removeUnclaimed(path, openUnfollowed, () => removeLayout(path));
  }
}

/** Of what is neither another's nor anything else. */
function ourKind(path: string): 'file' | 'folder' | undefined {
  const is = lstatSync(path, { throwIfNoEntry: false });
  if (is?.uid !== process.getuid?.()) return undefined;
  return is?.isFile() ? 'file' : is?.isDirectory() ? 'folder' : undefined;
}

function openUnfollowed(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

function prefixOf(dest: string): string {
  return `.${basename(dest)}.mpkit-`;
}
