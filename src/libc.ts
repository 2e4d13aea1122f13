/**
 * The only importer of koffi: single calls into libc that leave the process's own state alone.
 * Anything that changes namespaces, root folder or credentials belongs to native/sandbox, because
 * Node has many threads. Every function throws a Node-style error with `code` and `syscall`.
 *
 * A path may be a Buffer: file names are bytes, not text.
 */
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import type Koffi from 'koffi';

export type Path = string | Buffer;

/** openat2(2), `resolve` flags. */
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
const AT_FDCWD = -100;
export const O_PATH = 0o10000000;
export const O_CLOEXEC = 0o2000000;

/**
 * Opens `path` as if `rootFd` were `/`: no `..`, absolute link or magic link leads out of it, also
 * when somebody changes the tree meanwhile. The caller closes the descriptor.
 */
export function openInRoot(rootFd: number, path: Path, flags: number, mode = 0): number {
  const resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const how = Buffer.from(BigUint64Array.from([flags | O_CLOEXEC, mode, resolve], BigInt).buffer);
  // a rename or mount anywhere on the host at this moment makes the kernel unsure of a `..`
  for (let left = 1000; ; left--) {
    const fd = libc().openat2(SYS_openat2, rootFd, text(path), how, how.length);
    if (fd >= 0 || left === 0 || errnoName() !== 'EAGAIN') return check('openat2', fd, path);
  }
}

/** renameat2(2): each gets the other's name, at once; false where one is missing or cannot. */
export function exchangeNames(one: Path, other: Path): boolean {
  const RENAME_EXCHANGE = 2;
  if (libc().renameat2(AT_FDCWD, text(one), AT_FDCWD, text(other), RENAME_EXCHANGE) === 0)
    return true;
  if (['ENOENT', 'EINVAL', 'ENOSYS'].includes(errnoName())) return false;
  throw failure('renameat2', other);
}

/** ioctl(FICLONE): the open file `to` shares the blocks of `from`; false where the file system cannot. */
export function shareBlocks(to: number, from: number): boolean {
  const FICLONE = 0x40049409;
  return libc().ioctl(to, FICLONE, from) === 0;
}

/** flock(2); false where somebody else holds it and `wait` is not set. */
export function lockFile(fd: number, how: 'shared' | 'exclusive'): boolean {
  const LOCK_NB = 4;
  if (libc().flock(fd, (how === 'shared' ? 1 : 2) | LOCK_NB) === 0) return true;
  if (errnoName() === 'EWOULDBLOCK' || errnoName() === 'EAGAIN') return false;
  throw failure('flock');
}

/** syncfs(2): everything written to the file system that holds `fd` is on the disk afterwards. */
export function syncFileSystem(fd: number): void {
  check('syncfs', libc().syncfs(fd));
}

/** A memfd with these bytes, sealed against every change: safe to execute or register. */
export function sealedMemory(name: string, content: Buffer): number {
  const MFD_CLOEXEC = 1;
  const MFD_ALLOW_SEALING = 2;
  const MFD_EXEC = 0x10;
  let fd = libc().memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  // MFD_EXEC came with Linux 6.3
  if (fd < 0) fd = libc().memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  check('memfd_create', fd);
  for (let done = 0; done < content.length; )
    done += check('write', Number(libc().write(fd, content.subarray(done), content.length - done)));
  const F_ADD_SEALS = 1033;
  const everything = 0x1 | 0x2 | 0x4 | 0x8;
  check('fcntl', libc().fcntl(fd, F_ADD_SEALS, everything));
  return fd;
}

/** pipe2(2), close-on-exec, that holds `size` bytes, or what the kernel still grants this user. */
export function openPipe(size: number): { reader: number; writer: number } {
  const ends = Buffer.alloc(8);
  check('pipe2', libc().pipe2(ends, O_CLOEXEC));
  libc().fcntl(ends.readInt32LE(0), 1031 /* F_SETPIPE_SZ */, size);
  return { reader: ends.readInt32LE(0), writer: ends.readInt32LE(4) };
}

/** fsopen(2): what a file system of that type is configured by, as a descriptor. */
export function openFileSystem(type: string): number {
  const FSOPEN_CLOEXEC = 1;
  return check('fsopen', libc().fsopen(SYS_fsopen, `${type}\0`, FSOPEN_CLOEXEC));
}

/** fsconfig(2): a key with a value of at most 255 bytes, or without one. */
export function configure(context: number, key: string, value?: string): void {
  const command = value === undefined ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
  const data = value === undefined ? null : `${value}\0`;
  check('fsconfig', libc().fsconfig(SYS_fsconfig, context, command, `${key}\0`, data, 0), key);
}

/** Makes the configured file system, mounted nowhere; the caller closes the descriptor. */
export function makeDetached(context: number, readOnly: boolean): number {
  const create = FSCONFIG_CMD_CREATE;
  check('fsconfig', libc().fsconfig(SYS_fsconfig, context, create, null, null, 0), 'create');
  return check('fsmount', Number(libc().fsmount(SYS_fsmount, context, 1, readOnly ? 1 : 0)));
}

/** mount(2) at `target` and away again: the descriptor alone holds it. For older kernels. */
export function mountDetached(
  type: string,
  target: string,
  data: string,
  readOnly: boolean,
): number {
  const flags = readOnly ? 1 : 0;
  const words = [text(type), text(target), text(type), flags, text(data)] as const;
  check('mount', libc().mount(...words), target);
  try {
    const cloneAndCloseOnExec = 1 | O_CLOEXEC;
    const call = libc().open_tree(SYS_open_tree, AT_FDCWD, text(target), cloneAndCloseOnExec);
    return check('open_tree', Number(call), target);
  } finally {
    const MNT_DETACH = 2;
    libc().umount2(text(target), MNT_DETACH);
  }
}

/**
 * The functions below that do not follow links take the path of a descriptor for the object that it
 * is open on: the magic link itself has neither attributes nor times.
 */
function namesDescriptor(path: Path): boolean {
  return /^\/proc\/self\/fd\/\d+$/.test(typeof path === 'string' ? path : path.toString('latin1'));
}

/** lgetxattr(2): undefined where the attribute, or support for any, is missing. */
export function getXattr(path: Path, name: string): Buffer | undefined {
  const value = Buffer.alloc(65536);
  const get = namesDescriptor(path) ? libc().getxattr : libc().lgetxattr;
  const size = Number(get(text(path), attribute(name), value, value.length));
  if (size >= 0) return Buffer.from(value.subarray(0, size));
  if (['ENODATA', 'ENOTSUP', 'EOPNOTSUPP'].includes(errnoName())) return undefined;
  throw failure('lgetxattr', path);
}

/** llistxattr(2), sorted by bytes, which are latin1 here; empty where the file system has none. */
export function listXattrs(path: Path): string[] {
  const names = Buffer.alloc(65536);
  const list = namesDescriptor(path) ? libc().listxattr : libc().llistxattr;
  const size = Number(list(text(path), names, names.length));
  if (size < 0) {
    if (['ENOTSUP', 'EOPNOTSUPP'].includes(errnoName())) return [];
    throw failure('llistxattr', path);
  }
  return size === 0
    ? []
    : names
        .toString('latin1', 0, size - 1)
        .split('\0')
        .sort();
}

export function setXattr(path: Path, name: string, value: Buffer): void {
  const set = namesDescriptor(path) ? libc().setxattr : libc().lsetxattr;
  check('lsetxattr', set(text(path), attribute(name), value, value.length, 0), path);
}

/** lremovexattr(2); one that is missing may be so. */
export function removeXattr(path: Path, name: string): void {
  if (libc().lremovexattr(text(path), attribute(name)) === 0 || errnoName() === 'ENODATA') return;
  throw failure('lremovexattr', path);
}

/** mknod(2); `mode` has the type bits; devices other than 0:0 need a privilege that steps lack. */
export function makeNode(path: Path, mode: number, device = 0): void {
  check('mknod', libc().mknod(text(path), mode, device), path);
}

/** utimensat(2) without following: both times to `seconds` since the epoch. */
export function setTimes(path: Path, seconds: number, nanoseconds = 0): void {
  const times = Buffer.alloc(32);
  for (const at of [0, 16]) {
    times.writeBigInt64LE(BigInt(seconds), at);
    times.writeBigInt64LE(BigInt(nanoseconds), at + 8);
  }
  const AT_SYMLINK_NOFOLLOW = 0x100;
  const flags = namesDescriptor(path) ? 0 : AT_SYMLINK_NOFOLLOW;
  check('utimensat', libc().utimensat(AT_FDCWD, text(path), times, flags), path);
}

/** mount(2) of a kernel file system without a device. */
export function mountFileSystem(type: string, target: string): void {
  check('mount', libc().mount(text(type), text(target), text(type), 0, null), target);
}

/** It is gone from there at once, whatever is still open in it. */
export function detach(target: string): void {
  const MNT_DETACH = 2;
  check('umount2', libc().umount2(text(target), MNT_DETACH), target);
}

export function unmount(target: string): void {
  check('umount2', libc().umount2(text(target), 0), target);
}

// The numbers are the same on every architecture: they come from the common table (Linux ≥ 5.2).
const SYS_open_tree = 428;
const SYS_fsopen = 430;
const SYS_fsconfig = 431;
const SYS_fsmount = 432;
const SYS_openat2 = 437;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;

type Libc = ReturnType<typeof load>;
let loaded: Libc | undefined;

function libc(): Libc {
  loaded ??= load();
  return loaded;
}

/** koffi's native part is loaded only by processes that call something. */
let koffi: typeof Koffi;

function load() {
  koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
  const library = koffi.load('libc.so.6');
  const declare = (prototype: string) => library.func(prototype);
  return {
    openat2: declare(
      'long syscall(long n, int dir, const void *path, const void *how, size_t size)',
    ),
    fsopen: declare('long syscall(long n, const void *type, unsigned int flags)'),
    fsconfig: declare(
      'long syscall(long n, int fd, unsigned int cmd, const void *key, const void *value, int aux)',
    ),
    fsmount: declare('long syscall(long n, int fd, unsigned int flags, unsigned int attributes)'),
    open_tree: declare('long syscall(long n, int dir, const void *path, unsigned int flags)'),
    renameat2: declare(
      'int renameat2(int fromDir, const void *from, int toDir, const void *to, unsigned int flags)',
    ),
    flock: declare('int flock(int fd, int how)'),
    ioctl: declare('int ioctl(int fd, unsigned long request, long argument)'),
    syncfs: declare('int syncfs(int fd)'),
    pipe2: declare('int pipe2(void *ends, int flags)'),
    write: declare('long write(int fd, const void *data, size_t size)'),
    fcntl: declare('int fcntl(int fd, int command, long argument)'),
    memfd_create: declare('int memfd_create(const char *name, unsigned int flags)'),
    lgetxattr: declare(
      'long lgetxattr(const void *path, const void *name, void *value, size_t size)',
    ),
    getxattr: declare(
      'long getxattr(const void *path, const void *name, void *value, size_t size)',
    ),
    listxattr: declare('long listxattr(const void *path, void *list, size_t size)'),
    setxattr: declare(
      'int setxattr(const void *path, const void *name, const void *value, size_t size, int flags)',
    ),
    llistxattr: declare('long llistxattr(const void *path, void *list, size_t size)'),
    lsetxattr: declare(
      'int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)',
    ),
    lremovexattr: declare('int lremovexattr(const void *path, const void *name)'),
    mount: declare(
      'int mount(const void *source, const void *target, const void *type, unsigned long flags, const void *data)',
    ),
    umount2: declare('int umount2(const void *target, int flags)'),
    mknod: declare('int mknod(const void *path, unsigned int mode, unsigned long device)'),
    utimensat: declare('int utimensat(int dir, const void *path, const void *times, int flags)'),
  };
}

/** NUL-terminated bytes; a NUL inside would silently name another file. */
function attribute(name: string): Buffer {
  return Buffer.from(`${name}\0`, 'latin1');
}

function text(path: Path): Buffer {
  const bytes = typeof path === 'string' ? Buffer.from(path) : path;
  if (bytes.includes(0)) throw Object.assign(new Error('path with a NUL byte'), { code: 'EINVAL' });
  return Buffer.concat([bytes, Buffer.of(0)]);
}

function check(syscall: string, result: number, path?: Path): number {
  if (Number(result) < 0) throw failure(syscall, path);
  return Number(result);
}

function errnoName(): string {
  return getSystemErrorName(-koffi.errno());
}

function failure(syscall: string, path?: Path): NodeJS.ErrnoException {
  const errno = koffi.errno();
  const code = getSystemErrorName(-errno);
  const where = path === undefined ? '' : ` '${path.toString()}'`;
  return Object.assign(new Error(`${code}: ${syscall}${where}`), {
    code,
    errno: -errno,
    syscall,
    ...(path === undefined ? {} : { path: path.toString() }),
  });
}
