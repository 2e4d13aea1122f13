/** Makes one file, folder, link, fifo or device as a layer describes it, and nothing else. */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  statfsSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { joinBytes } from '../../deep-path.ts';
import { MpkitError } from '../../errors.ts';
import {
  listXattrs,
  makeNode,
  O_PATH,
  openInRoot,
  removeXattr,
  setTimes,
  setXattr,
} from '../../libc.ts';
import { parseEntryPath, refused } from './entry-path.ts';
import type { Sparse, TarEntry } from './tar-header.ts';
import type { TarMember } from './tar-read.ts';
import { mayBeSet } from './xattrs.ts';
import { dataRuns } from './zeros.ts';

export interface CreateOptions {
  rootFd: number;
  ignoreOwners: boolean;
  /** Removes what has the name already. */
  replace(): void;
}

/** `path` is below a held descriptor; its last component is never followed. */
export async function createEntry(
  path: Buffer,
  member: TarMember,
  options: CreateOptions,
): Promise<void> {
  if (member.type === 'directory') return createFolder(path, member, options);
  if (member.type === 'file') return createFile(path, member, options);
  if (member.type === 'link') return createHardLink(path, member, options);
  if (member.type === 'symlink') exclusively(options, () => symlinkSync(member.linkName!, path));
  else if (member.type === 'fifo')
    exclusively(options, () => makeNode(path, constants.S_IFIFO | 0o600));
  else if (!createDevice(path, member, options)) return;
  if (!options.ignoreOwners) lchownSync(path, member.uid, member.gid);
  if (member.type !== 'symlink') chmodSync(path, member.mode);
  setXattrs(path, member);
  setTimes(path, member.mtime);
}

/**
 * Owner, mode and attributes of an existing folder, of which none stays that the entry does not
 * name; its time comes last of all.
 */
export function setFolderMetadata(path: Buffer, entry: TarEntry, ignoreOwners: boolean): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if (!ignoreOwners) fchownSync(fd, entry.uid, entry.gid);
    fchmodSync(fd, entry.mode);
  } finally {
    closeSync(fd);
  }
  for (const name of listXattrs(path))
    if (mayBeSet(name) && !entry.xattrs?.has(name)) removeXattr(path, name);
  setXattrs(path, entry);
}

function createFolder(path: Buffer, entry: TarEntry, options: CreateOptions): void {
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!lstatSync(path).isDirectory()) {
      options.replace();
      mkdirSync(path, 0o700);
    }
  }
  setFolderMetadata(path, entry, options.ignoreOwners);
}

async function createFile(path: Buffer, member: TarMember, options: CreateOptions): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  const fd = exclusively(options, () => openSync(path, flags, 0o600));
  try {
    if (member.sparse) await writeSparse(fd, member, member.sparse);
    else await writeContent(fd, member);
    if (!options.ignoreOwners) fchownSync(fd, member.uid, member.gid);
    fchmodSync(fd, member.mode);
  } finally {
    closeSync(fd);
  }
  // after chown, which drops capabilities
  setXattrs(path, member);
  setTimes(path, member.mtime);
}

/** Long runs of zeros become holes. */
async function writeContent(fd: number, member: TarMember): Promise<void> {
  let at = 0;
  let end = 0;
  for await (const chunk of member.content()) {
    for (const { offset, bytes } of dataRuns(chunk)) {
      writeAll(fd, bytes, at + offset);
      end = at + offset + bytes.length;
    }
    at += chunk.length;
  }
  if (end < at) ftruncateSync(fd, at);
}

function writeAll(fd: number, chunk: Buffer, at: number): void {
  for (let done = 0; done < chunk.length; )
    done += writeSync(fd, chunk, done, chunk.length - done, at + done);
}

/** What is not stored stays a hole, too. */
async function writeSparse(
  fd: number,
  member: TarMember,
  { size, regions }: Sparse,
): Promise<void> {
  ftruncateSync(fd, size);
  const left = regions.filter(({ length }) => length > 0).reverse();
  let current = left.pop();
  for await (const chunk of member.content())
    for (let rest = chunk; rest.length > 0 && current; ) {
      const part = rest.subarray(0, current.length);
      for (const { offset, bytes } of dataRuns(part)) writeAll(fd, bytes, current.offset + offset);
      rest = rest.subarray(part.length);
      const length = current.length - part.length;
      current = length > 0 ? { offset: current.offset + part.length, length } : left.pop();
    }
}

/** The target is found in the root; linkat(2) follows nothing, so that a link to a link is one. */
function createHardLink(path: Buffer, entry: TarEntry, options: CreateOptions): void {
  const { parent, base } = parseEntryPath(entry.linkName!);
  const folder = parent.length === 0 ? Buffer.from('.') : parent.reduce(joinBytes);
  const fd = openInRoot(options.rootFd, folder, O_PATH | constants.O_DIRECTORY);
  try {
    const target = Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), base]);
    const is = lstatSync(target);
    if (base.length === 0 || is.isDirectory())
      throw refused(entry.name, 'is a hard link to a folder');
    // the kernel's mark of a removal, which a second name would spread
    if (is.isCharacterDevice() && is.rdev === 0)
      throw refused(entry.name, 'is a hard link to nothing');
    exclusively(options, () => linkSync(target, path));
  } finally {
    closeSync(fd);
  }
}

/** False where this user may not make devices: images can do without, as in every rootless tool. */
function createDevice(path: Buffer, entry: TarEntry, options: CreateOptions): boolean {
  const { major, minor } = entry.device!;
  if (entry.type === 'character-device' && major === 0 && minor === 0)
    throw refused(entry.name, 'is device 0:0, which overlayfs takes for a removal');
  if (major > 0xfff || minor > 0xfffff) throw refused(entry.name, 'has a device number too large');
  const kind = entry.type === 'block-device' ? constants.S_IFBLK : constants.S_IFCHR;
  const device = (major << 8) | (minor & 0xff) | ((minor & 0xfff00) * 2 ** 12);
  try {
    exclusively(options, () => makeNode(path, kind | 0o600, device));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return false;
    throw error;
  }
}

/** Runs what fails when the name is taken, once more after it was freed. */
function exclusively<T>(options: CreateOptions, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    options.replace();
    return make();
  }
}

/** Attributes that the file system or the namespace does not take are left out. */
function setXattrs(path: Buffer, entry: TarEntry): void {
  for (const [name, value] of entry.xattrs ?? []) {
    if (!mayBeSet(name)) continue;
    try {
      setXattr(path, name, value);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'].includes(code)) continue;
      if (isFullOfXattrs(code, path)) throw tooManyXattrs(entry);
      throw error;
    }
  }
}

/** File systems answer "no space left" where a file's attributes outgrow the place for them. */
function isFullOfXattrs(code: string, path: Buffer): boolean {
  if (code === 'E2BIG' || code === 'ERANGE') return true;
  const folder = path.subarray(0, path.lastIndexOf(0x2f));
  return code === 'ENOSPC' && statfsSync(folder).bavail > 0;
}

function tooManyXattrs({ name, xattrs }: TarEntry): MpkitError {
  let bytes = 0;
  for (const [key, value] of xattrs ?? []) bytes += key.length + value.length;
  return new MpkitError(
    'host-unable',
    `\`${name.subarray(0, 200)}\` has ${xattrs?.size} extended attributes of ${bytes} bytes: more than this file system holds`,
    { hint: 'point `--root` (or MPKIT_ROOT) at xfs, btrfs, or ext4 with `ea_inode`' },
  );
}
