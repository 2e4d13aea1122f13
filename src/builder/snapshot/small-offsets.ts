/**
 * Folders of a layer that steps of 32-bit programs can list. Overlayfs shows a folder of one layer as
 * the file system below gives it, on ext4 with 64-bit positions that QEMU cannot pass on (EOVERFLOW).
 * One that seems to come from elsewhere it reads into a list, whose positions are small.
 */
import { setXattr } from '../../libc.ts';
import { walkTree } from '../../walk-tree.ts';

/** An empty origin is one that overlayfs cannot know; nobody but it sees the attribute. */
export function giveSmallOffsets(folder: string): void {
  const top = Buffer.from(`${folder}/`);
  for (const { name, stats } of walkTree(Buffer.from(folder))) {
    if (!stats.isDirectory()) continue;
    try {
      setXattr(Buffer.concat([top, name]), 'user.overlay.origin', Buffer.alloc(0));
    } catch {
      // too deep, or a file system without attributes: it is listed as it is
    }
  }
}
