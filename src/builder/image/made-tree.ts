/**
 * What one layer has made so far, as a tree of names: a whiteout hides what lower layers have, and
 * never what its own layer brings, in whichever order they come.
 */
import { MpkitError } from '../../errors.ts';

export interface MadeNode {
  /** Keys are the names' bytes as latin1. */
  children: Map<string, MadeNode>;
  /** By this layer, or a parent of something that is. */
  made: boolean;
  /** Nothing of the lower layers is left below, so no whiteout needs to look again. */
  cleared: boolean;
  /** Folders only: the time to set when everything below is done. */
  time?: { seconds: number; nanoseconds: number };
}

export interface MadeTree {
  /** The node of a folder's real path, made where it is missing. */
  node(realPath: string): MadeNode;
  child(parent: MadeNode, name: string): MadeNode;
  /** Notes that the layer made `name` in the folder `realPath`. */
  mark(realPath: string, name: string): MadeNode;
  root: MadeNode;
}

/** Throws `invalid-image` beyond two million names: memory has to end somewhere. */
export function madeTree(): MadeTree {
  let count = 0;
  const newNode = (): MadeNode => {
    if (++count > mostNames)
      throw new MpkitError('invalid-image', `a layer with more than ${mostNames} files`);
    return { children: new Map(), made: false, cleared: false };
  };
  const root = newNode();

  function child(parent: MadeNode, name: string): MadeNode {
    let found = parent.children.get(name);
    if (!found) {
      found = newNode();
      parent.children.set(name, found);
    }
    return found;
  }

  function node(realPath: string): MadeNode {
    return partsOf(realPath).reduce(child, root);
  }

  function mark(realPath: string, name: string): MadeNode {
    let current = root;
    for (const part of partsOf(realPath)) {
      current.made = true;
      current = child(current, part);
    }
    current.made = true;
    const marked = child(current, name);
    marked.made = true;
    return marked;
  }

  return { root, node, child, mark };
}

/** Of one layer; the writer refuses more, too. */
export const mostNames = 2_000_000;

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}
