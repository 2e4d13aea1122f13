/** Removes a folder with everything below it: any depth, any names, links never followed. */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { type Folder, joinBytes, openFolder } from './deep-path.ts';

export interface RemoveOptions {
  /**
   * Others may change or remove the tree meanwhile. Each folder is held open, so that no link that
   * takes its place is followed; a tree that is too deep for that throws EMFILE.
   */
  isShared?: boolean;
}

/** `path` may name anything; throws a Node-style error, also when it does not exist. */
export function removeTree(path: Buffer, { isShared = false }: RemoveOptions = {}): void {
  const attempt = isShared ? unlessGone : (act: () => void) => act();
  const open: Level[] = [];
  const remove = (each: Buffer) => {
    if (lstatSync(each).isDirectory()) open.push(listed(each, isShared));
    else unlinkSync(each);
  };
  try {
    attempt(() => remove(path));
    while (open.length > 0) {
      const current = open.at(-1)!;
      const child = current.children.pop();
      if (child !== undefined) {
        attempt(() => remove(joinBytes(current.folder.path, child)));
        continue;
      }
      open.pop();
      current.folder.close();
      attempt(() => rmdirSync(current.path));
    }
  } finally {
    for (const { folder } of open) folder.close();
  }
}

interface Level {
  path: Buffer;
  folder: Folder;
  children: Buffer[];
}

function listed(path: Buffer, isHeld: boolean): Level {
  const folder = openFolder(path, { isHeld });
  return { path, folder, children: readdirSync(folder.path, { encoding: 'buffer' }) };
}

function unlessGone(act: () => void): void {
  try {
    act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
