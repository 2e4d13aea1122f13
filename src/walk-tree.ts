/** Everything in a folder, of any depth, each with what lstat says: links are never followed. */
import { type BigIntStats, lstatSync, readdirSync } from 'node:fs';
import { type Folder, joinBytes, openFolder } from './deep-path.ts';

export interface Found {
  /** From the folder on; empty for the folder itself. */
  name: Buffer;
  stats: BigIntStats;
}

/** Parents come first, names in the order of their bytes. Throws what Node throws. */
export function* walkTree(path: Buffer): Generator<Found> {
  const stats = lstatSync(path, { bigint: true });
  yield { name: Buffer.alloc(0), stats };
  if (!stats.isDirectory()) return;
  const open: Listed[] = [listed(path, Buffer.alloc(0))];
  try {
    while (open.length > 0) {
      const { folder, name, children } = open.at(-1)!;
      const child = children.pop();
      if (child === undefined) {
        open.pop()!.folder.close();
        continue;
      }
      const childPath = joinBytes(folder.path, child);
      const found = { name: joinBytes(name, child), stats: lstatSync(childPath, { bigint: true }) };
      yield found;
      if (found.stats.isDirectory()) open.push(listed(childPath, found.name));
    }
  } finally {
    for (const { folder } of open) folder.close();
  }
}

interface Listed {
  folder: Folder;
  name: Buffer;
  /** The last comes first. */
  children: Buffer[];
}

function listed(path: Buffer, name: Buffer): Listed {
  const folder = openFolder(path);
  const children = readdirSync(folder.path, { encoding: 'buffer' });
  return { folder, name, children: children.sort(Buffer.compare).reverse() };
}
