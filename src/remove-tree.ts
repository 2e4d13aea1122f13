/** Removes a folder with everything below it: any depth, any names, links never followed. */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { type Folder, joinBytes, openFolder } from './deep-path.ts';

/** `path` may name anything; throws a Node-style error, also when it does not exist. */
export function removeTree(path: Buffer): void {
  if (!lstatSync(path).isDirectory()) {
    unlinkSync(path);
    return;
  }
  const open: { path: Buffer; folder: Folder; children: Buffer[] }[] = [listed(path)];
  try {
    while (open.length > 0) {
      const current = open.at(-1)!;
      const child = current.children.pop();
      if (child === undefined) {
        open.pop();
        current.folder.close();
        rmdirSync(current.path);
        continue;
      }
      const childPath = joinBytes(current.folder.path, child);
      if (lstatSync(childPath).isDirectory()) open.push(listed(childPath));
      else unlinkSync(childPath);
    }
  } finally {
    for (const { folder } of open) folder.close();
  }
}

function listed(path: Buffer) {
  const folder = openFolder(path);
  try {
    return { path, folder, children: readdirSync(folder.path, { encoding: 'buffer' }) };
  } catch (error) {
    folder.close();
    throw error;
  }
}
