/** What the kernel said to an entry of an archive, as a fault of that entry. */
import { unmappedIds } from '../../emulator/index.ts';
import { refused } from './entry-path.ts';
import type { TarMember } from './tar-read.ts';

/** Errors that the archive's names cause; a full disk and the like stay what they are. */
export function entryError(error: unknown, { name, uid, gid }: TarMember): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'EINVAL' && syscall?.includes('chown')) {
    const what = `\`${name}\` of the image belongs to ${uid}:${gid}`;
    const reason = { code: 'host-unable' as const, cause: error };
    return unmappedIds({ user: uid, group: gid }, what, reason) ?? error;
  }
  const causes = new Map([
    ['ELOOP', 'goes through a loop of links'],
    ['ENOTDIR', 'goes through something that is no folder'],
    ['ENOENT', 'goes through a link to nothing, or repeats a file that is not there'],
    ['ENAMETOOLONG', 'is too long'],
    ['EMLINK', 'has too many links'],
    ['EXDEV', 'links into another file system'],
  ]);
  const cause = causes.get(code ?? '');
  return cause ? refused(name, cause) : error;
}
