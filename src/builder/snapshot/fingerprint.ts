/**
 * What a layer's folder looks like without reading its files: whatever writes to a file, or makes,
 * removes or renames one, changes a time that nobody can set (ctime).
 */
import { createHash } from 'node:crypto';
import { walkTree } from '../../walk-tree.ts';

/** Of the folder where it stays: what is copied or restored elsewhere has other times. */
export function fingerprintOf(folder: string): string {
  const hash = createHash('sha256');
  for (const { name, stats } of walkTree(Buffer.from(folder))) {
    // the folder itself is renamed when it gets its place, and holds nothing of its own
    if (name.length === 0) continue;
    const { ino, mode, size, mtimeNs, ctimeNs } = stats;
    // overlayfs makes its marks of removals as names of one file, and unlinks one of them later
    const isMark = stats.isCharacterDevice() && stats.rdev === 0n;
    const facts = isMark ? 'removed' : `${ino} ${mode} ${size} ${mtimeNs} ${ctimeNs}`;
    hash.update(name).update(`\0${facts}\n`);
  }
  return hash.digest('hex');
}
