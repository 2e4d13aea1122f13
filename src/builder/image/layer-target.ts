/**
 * Where a layer is unpacked: one root, written below held descriptors only. Parents are found with
 * openat2(RESOLVE_IN_ROOT) and things are made exclusively and without following, so that no name
 * in a layer reaches anything outside.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
} from 'node:fs';
import { joinBytes } from '../../deep-path.ts';
import { O_PATH, openInRoot, setTimes } from '../../libc.ts';
import { removeTree } from '../../remove-tree.ts';
import { createEntry, setFolderMetadata } from './create-entry.ts';
import { type EntryPath, refused } from './entry-path.ts';
import { type MadeNode, madeTree } from './made-tree.ts';
import type { TarMember } from './tar-read.ts';

export type LayerTarget = ReturnType<typeof openTarget>;

/** An open folder inside the root. */
export interface Parent {
  fd: number;
  /** `/proc/self/fd/N`. */
  path: Buffer;
  /** From the root, without any link, as latin1. */
  realPath: string;
}

/** `close` it; `rootFd` stays open. */
export function openTarget(rootFd: number, { ignoreOwners }: { ignoreOwners: boolean }) {
  const made = madeTree();
  const rootPath = realPathOf(rootFd);
  /** Entries mostly come folder by folder; after a removal the same name may be another folder. */
  let last: { name: string; parent: Parent } | undefined;
  let stale = false;

  function forget(): void {
    if (last) closeSync(last.parent.fd);
    last = undefined;
    stale = false;
  }

  /** Leaves `last` open: the caller is still working below it. */
  function remove(path: Buffer): void {
    stale = true;
    removeTree(path);
  }

  function openParent(parts: Buffer[], createdAt?: number): Parent {
    const name = parts.map((part) => part.toString('latin1')).join('/');
    if (!stale && last?.name === name) return last.parent;
    forget();
    const fd = createdAt === undefined ? openParts(rootFd, parts) : ensureParts(parts, createdAt);
    last = { name, parent: describeParent(fd) };
    return last.parent;
  }

  function describeParent(fd: number): Parent {
    const realPath = realPathOf(fd).slice(rootPath.length);
    return { fd, path: Buffer.from(`/proc/self/fd/${fd}`), realPath };
  }

  /** Opens a folder that may exist in part only, making the rest as `mkdir -p` would. */
  function ensureParts(parts: Buffer[], createdAt: number): number {
    let depth = existingDepth(rootFd, parts);
    let fd = openParts(rootFd, parts.slice(0, depth));
    for (; depth < parts.length; depth++) {
      const { path, realPath } = describeParent(fd);
      keepTime(fd, realPath);
      const child = joinBytes(path, parts[depth]!);
      try {
        mkdirSync(child, 0o755);
        chmodSync(child, 0o755);
        made.mark(realPath, parts[depth]!.toString('latin1')).time = whole(createdAt);
        const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
        const next = openSync(child, flags);
        closeSync(fd);
        fd = next;
      } catch (error) {
        closeSync(fd);
        // a link to nothing: openat2 said ENOENT although the name is taken
        if ((error as NodeJS.ErrnoException).code === 'EEXIST')
          throw Object.assign(new Error('link to nothing'), { code: 'ENOENT' });
        throw error;
      }
    }
    return fd;
  }

  /** Writing into a folder changes its time, which only an entry of its own may do. */
  function keepTime(fd: number, realPath: string): void {
    const node = made.node(realPath);
    if (node.time) return;
    const { mtimeNs } = fstatSync(fd, { bigint: true });
    const nanoseconds = Number(((mtimeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n);
    node.time = { seconds: Number((mtimeNs - BigInt(nanoseconds)) / 1_000_000_000n), nanoseconds };
  }

  /** Removes what lower layers have at `path`; `node` says what is this layer's own. */
  function hide(path: Buffer, node: MadeNode): void {
    if (node.cleared) return;
    node.cleared = true;
    if (!node.made) remove(path);
    else if (lstatSync(path).isDirectory()) hideChildren(path, node);
  }

  function hideChildren(path: Buffer, node: MadeNode): void {
    for (const child of readdirSync(path, { encoding: 'buffer' }))
      hide(joinBytes(path, child), made.child(node, child.toString('latin1')));
  }

  return {
    close: forget,

    /** Hides one name of a folder, or all, from the lower layers; a missing folder has none. */
    hideLower(folder: Buffer[], name?: Buffer): void {
      try {
        const parent = openParent(folder);
        const node = made.node(parent.realPath);
        keepTime(parent.fd, parent.realPath);
        if (name) hide(joinBytes(parent.path, name), made.child(node, name.toString('latin1')));
        else if (!node.cleared) {
          node.cleared = true;
          hideChildren(parent.path, node);
        }
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
      }
    },

    /** Makes the entry, in the place of whatever has its name; folders are merged. */
    async create({ parent: folder, base }: EntryPath, member: TarMember): Promise<void> {
      if (base.length === 0) {
        if (member.type !== 'directory')
          throw refused(member.name, 'would replace the root folder');
        setFolderMetadata(Buffer.from(`/proc/self/fd/${rootFd}/.`), member, ignoreOwners);
        made.root.time = whole(member.mtime);
        return;
      }
      const parent = openParent(folder, member.mtime);
      keepTime(parent.fd, parent.realPath);
      const path = joinBytes(parent.path, base);
      await createEntry(path, member, { rootFd, ignoreOwners, replace: () => remove(path) });
      const node = made.mark(parent.realPath, base.toString('latin1'));
      if (member.type === 'directory') node.time = whole(member.mtime);
      else delete node.time;
    },

    /** Sets the folders' times, which nothing changes any more. */
    finish(): void {
      forget();
      setFolderTimes(rootFd, made.root);
    },
  };
}

function whole(seconds: number) {
  return { seconds, nanoseconds: 0 };
}

function openParts(rootFd: number, parts: Buffer[]): number {
  const path = parts.length === 0 ? Buffer.from('.') : parts.reduce(joinBytes);
  return openInRoot(rootFd, path, O_PATH | constants.O_DIRECTORY);
}

/** How many of `parts` exist, found by halving: hostile paths have thousands. */
function existingDepth(rootFd: number, parts: Buffer[]): number {
  let exists = 0;
  let missing = parts.length + 1;
  let next = parts.length;
  while (missing - exists > 1) {
    try {
      closeSync(openParts(rootFd, parts.slice(0, next)));
      exists = next;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      missing = next;
    }
    next = (exists + missing) >> 1;
  }
  return exists;
}

function realPathOf(fd: number): string {
  const path = readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' }).toString('latin1');
  return path === '/' ? '' : path;
}

function setFolderTimes(rootFd: number, root: MadeNode): void {
  const pending: { path: Buffer; node: MadeNode }[] = [{ path: Buffer.alloc(0), node: root }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { path, node } = next;
    for (const [name, child] of node.children)
      if (child.time || child.children.size > 0)
        pending.push({ path: joinBytes(path, Buffer.from(name, 'latin1')), node: child });
    if (node.time) setFolderTime(rootFd, path, node.time);
  }
}

function setFolderTime(rootFd: number, path: Buffer, time: NonNullable<MadeNode['time']>): void {
  let fd: number | undefined;
  try {
    const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    fd = openInRoot(rootFd, path.length === 0 ? '.' : path, flags);
    setTimes(`/proc/self/fd/${fd}/.`, time.seconds, time.nanoseconds);
  } catch (error) {
    // removed or replaced later in the same layer
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
