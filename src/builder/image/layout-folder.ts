/** The files of an OCI image layout that is a folder: opened inside it without following links. */
import { closeSync, constants, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ioError, MpkitError } from '../../errors.ts';
import { openInRoot } from '../../libc.ts';
import { readBounded } from './blobs.ts';
import type { LayoutFiles } from './layout-medium.ts';

export function folderFiles(folder: string): LayoutFiles {
  return {
    name: folder,
    document: async (name) => {
      const file = await openInside(folder, name);
      try {
        return await readBounded(file, `\`${folder}/${name}\``);
      } finally {
        await file.close();
      }
    },
    blob: async function* (name) {
      const file = await openInside(folder, name);
      try {
        yield* file.createReadStream({ highWaterMark: 1 << 20, autoClose: false });
      } finally {
        await file.close();
      }
    },
  };
}

/** A regular file below `folder`, found without leaving it. */
async function openInside(folder: string, name: string): Promise<FileHandle> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let root: number | undefined;
  let found: number | undefined;
  try {
    root = openSync(folder, O_RDONLY | O_DIRECTORY);
    found = openInRoot(root, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const file = await open(`/proc/self/fd/${found}`, O_RDONLY | O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new MpkitError('invalid-image', `\`${folder}/${name}\` is not a regular file`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP')
      throw new MpkitError('invalid-image', `\`${folder}/${name}\` is a link`, { cause: error });
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new MpkitError('not-found', `no OCI layout in \`${folder}\`: \`${name}\` is missing`, {
        cause: error,
      });
    throw ioError(error, `reading \`${folder}/${name}\``);
  } finally {
    if (found !== undefined) closeSync(found);
    if (root !== undefined) closeSync(root);
  }
}
