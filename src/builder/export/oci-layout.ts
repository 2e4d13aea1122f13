/**
 * `--output type=oci`: an OCI image layout as a tar archive or a folder. It is written beside its
 * destination and renamed, so that nothing half-written carries the name.
 */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import {
  copyFile,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ioError, MpkitError } from '../../errors.ts';
import { watchGrowth } from '../../growth.ts';
import { type EmitTransfer, startTransfer } from '../../transfer.ts';
import type { Descriptor } from '../image/documents.ts';
import { encodeHeader, endOfArchive, padding, type TarEntry } from '../image/tar-header.ts';
import { openBeside } from './beside.ts';
import { type LayoutFile, type LayoutOptions, layoutFiles } from './layout-files.ts';

export interface OciLayoutOptions extends LayoutOptions {
  /** An archive, not a folder. */
  tar: boolean;
  /** Hears of the members' bytes; those of an archive's headers are not counted. */
  onTransfer?: EmitTransfer | undefined;
}

/**
 * Returns the descriptor of the image or index. `-` is stdout. The archive's members have a fixed order, owner
 * and mode, and the time `epoch` (or 0). Throws `invalid-input` when `dest` is something that must
 * not be replaced, `usage` for a bad tag, `disk-full`, `permission-denied` or `io`.
 */
export async function writeOciLayout(dest: string, options: OciLayoutOptions): Promise<Descriptor> {
  const { root, files } = await layoutFiles(options);
  await withProgress(dest, { files, onTransfer: options.onTransfer }, async (reached) => {
    if (dest === '-') return pack(printed, files, { mtime: options.epoch ?? 0, reached });
    await mkdir(dirname(dest), { recursive: true });
    if (options.tar) await writeArchive(dest, files, { mtime: options.epoch ?? 0, reached });
    else await writeFolder(dest, files, reached);
  });
  return root;
}

/** Gets the bytes of all members that were written so far. */
type Reached = (bytes: number) => void;

async function withProgress(
  dest: string,
  { files, onTransfer }: { files: LayoutFile[]; onTransfer: EmitTransfer | undefined },
  write: (reached: Reached) => Promise<void>,
): Promise<void> {
  const total = files.reduce((sum, each) => sum + sizeOf(each), 0);
  const name = dest === '-' ? 'stdout' : basename(dest);
  const what = { id: `export ${dest}`, kind: 'export', name, total } as const;
  const transfer = startTransfer(what, onTransfer);
  try {
    await write(transfer.reached);
  } catch (error) {
    transfer.end('failed');
    throw ioError(error, `writing \`${dest}\``);
  }
  transfer.end('done');
}

function sizeOf(file: LayoutFile): number {
  return 'content' in file ? file.content.length : file.size;
}

interface Packing {
  mtime: number;
  reached: Reached;
}

async function writeArchive(dest: string, files: LayoutFile[], packing: Packing): Promise<void> {
  const existing = await stat(dest).catch(() => undefined);
  if (existing?.isDirectory())
    throw new MpkitError('invalid-input', `\`${dest}\` is a folder, but an archive goes there`, {
      hint: 'name a file, or add `tar=false` for a folder',
    });
  // a pipe or device is written to; renaming over it would remove it
  if (existing && !existing.isFile())
    return withFile(dest, 'w', (file) => pack(into(file), files, packing));
  const beside = openBeside(dest, 'file');
  try {
    await withFile(beside.path, 'w', (file) => pack(into(file), files, packing));
    await beside.take();
  } finally {
    beside.remove();
  }
}

async function withFile(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

type Put = (bytes: Buffer) => Promise<void>;

function into(file: FileHandle): Put {
  return async (bytes) => {
    for (let done = 0; done < bytes.length; )
      done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
  };
}

/** The chunk is free again when its bytes have been taken. */
function printed(bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

async function pack(put: Put, files: LayoutFile[], { mtime, reached }: Packing): Promise<void> {
  let written = 0;
  const putContent = async (bytes: Buffer) => {
    await put(bytes);
    written += bytes.length;
    reached(written);
  };
  const folders = new Set<string>();
  for (const each of files) {
    for (const folder of parentsOf(each.name)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      await put(encodeHeader(entryOf(folder, 'directory', 0, mtime)));
    }
    const size = sizeOf(each);
    await put(encodeHeader(entryOf(each.name, 'file', size, mtime)));
    if ('content' in each) await putContent(each.content);
    else await copyInto(putContent, each);
    await put(padding(size));
  }
  await put(endOfArchive);
}

async function copyInto(
  put: Put,
  { source, size, check }: Extract<LayoutFile, { source: string }>,
): Promise<void> {
  const hash = createHash('sha256');
  const file = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW);
  const chunk = Buffer.allocUnsafe(Math.min(size, 4 * 1024 * 1024));
  try {
    for (let left = size; left > 0; ) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(left, chunk.length), null);
      if (bytesRead === 0) throw new MpkitError('corrupt', `\`${source}\` became shorter`);
      hash.update(chunk.subarray(0, bytesRead));
      await put(chunk.subarray(0, bytesRead));
      left -= bytesRead;
    }
    await check(hash.digest('hex'));
  } finally {
    await file.close();
  }
}

function entryOf(name: string, type: 'file' | 'directory', size: number, mtime: number): TarEntry {
  const mode = type === 'file' ? 0o644 : 0o755;
  return { name: Buffer.from(name), type, mode, uid: 0, gid: 0, size, mtime };
}

function parentsOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}

async function writeFolder(dest: string, files: LayoutFile[], reached: Reached): Promise<void> {
  await checkReplaceable(dest);
  const beside = openBeside(dest, 'folder');
  try {
    await mkdir(join(beside.path, 'blobs/sha256'), { recursive: true });
    let written = 0;
    for (const each of files) {
      await writeMember(join(beside.path, each.name), each, (bytes) => reached(written + bytes));
      written += sizeOf(each);
      reached(written);
    }
    await beside.take();
  } finally {
    beside.remove();
  }
}

/** Copies: a user who changes the layout must not change the store. */
async function writeMember(path: string, file: LayoutFile, reached: Reached): Promise<void> {
  if ('content' in file) return writeFile(path, file.content, { flag: 'wx' });
  const stop = watchGrowth(path, reached);
  try {
    await copyFile(file.source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } finally {
    stop();
  }
  await withFile(path, 'r+', (copy) => copy.chmod(0o644));
  await file.check(await hashFile(path));
}

/** Of the copy: what was written is what has to be right. */
async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/** Passes an empty folder, a layout with nothing else in it, and a name that nothing has. */
async function checkReplaceable(dest: string): Promise<void> {
  const existing = await lstat(dest).catch(() => undefined);
  if (!existing) return;
  const names = existing.isDirectory() ? await readdir(dest) : [];
  const isLayout = names.includes('oci-layout') && names.every((name) => ownNames.has(name));
  if (existing.isDirectory() && (names.length === 0 || isLayout)) return;
  throw new MpkitError('invalid-input', `\`${dest}\` exists and is not an OCI layout`, {
    hint: 'remove it, or name another folder',
  });
}

const ownNames = new Set(['oci-layout', 'index.json', 'blobs', 'ingest']);
