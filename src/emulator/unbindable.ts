/** Mounts that the kernel leaves out of every copy of a tree: their files cannot be lent. */
import { readFileSync } from 'node:fs';
import { MpkitError } from '../errors.ts';
import { parseMounts } from '../mountinfo.ts';

/** Throws `host-unable` where such a mount lies below `path`: it would be an empty folder inside. */
export function requireBindable(path: string, mountinfo = ownMounts()): void {
  // most hosts have none
  if (!mountinfo.includes(' unbindable')) return;
  const below = path === '/' ? '/' : `${path}/`;
  const hidden = parseMounts(mountinfo).find(
    ({ target, unbindable }) => unbindable && target.startsWith(below),
  );
  if (!hidden) return;
  throw new MpkitError(
    'host-unable',
    `\`${hidden.target}\` is mounted unbindable: what is in it cannot be read by a build`,
    {
      hint: `\`mount --make-private ${hidden.target}\` as root, or a context that does not hold it`,
    },
  );
}

function ownMounts(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8');
}
