/**
 * `--output type=oci`: an OCI image layout as a tar archive or a folder. It is written beside its
 * destination and renamed, so that nothing half-written carries the name.
 */
import { lstat, mkdir, open, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ioError, MpkitError } from '../../errors.ts';
import { identityOf } from '../../file-identity.ts';
import { openSpecial } from '../../special-file.ts';
import { putToStdout } from '../../stdout.ts';
import { type EmitTransfer, startTransfer } from '../../transfer.ts';
import type { Descriptor } from '../image/documents.ts';
import { openBeside, requireReplaceable } from './beside.ts';
import { copySource, writeAll } from './copy-source.ts';
import { type LayoutFile, type LayoutOptions, layoutFiles, sizeOf } from './layout-files.ts';
import { makeHeld } from './layout-folder.ts';
import { type Packing, pack, type Reached } from './pack.ts';
import type { Results } from './unchanged.ts';

export interface OciLayoutOptions extends LayoutOptions {
  /** An archive, not a folder. */
  tar: boolean;
  /** Hears of the members' bytes; those of an archive's headers are not counted. */
  onTransfer?: EmitTransfer | undefined;
  /** What lies there as it was written is left as it is. */
  results?: Results | undefined;
  /** Ends the writing with `interrupted`; what was there before stays. */
  signal?: AbortSignal | undefined;
}

/**
 * Returns the descriptor of the image or index. `-` is stdout. The archive's members have a fixed
 * order, owner and mode, and the time `epoch` (or 0). Throws `invalid-input` when `dest` is
 * something that must not be replaced, `usage` for a bad tag, `disk-full`, `permission-denied`, `io`.
 */
export async function writeOciLayout(dest: string, options: OciLayoutOptions): Promise<Descriptor> {
  const { root, files } = await layoutFiles(options);
  const { signal, epoch, tar, results } = options;
  const mtime = epoch ?? 0;
  const content = [tar, mtime, await Promise.all(files.map(contentOf))];
  if (dest !== '-' && results?.isThere(dest, content)) return root;
  await withProgress(dest, { files, onTransfer: options.onTransfer }, async (reached) => {
    const packing = { mtime, reached, signal };
    if (dest === '-') return pack((bytes) => putToStdout(bytes, signal), files, packing);
    await mkdir(dirname(dest), { recursive: true });
    const isKept = await (tar ? writeArchive : writeFolder)(dest, files, packing);
    if (isKept) await results?.remember(dest, content);
  });
  return root;
}

/** Blobs are named by their digests; one that was touched since is to be looked at again. */
async function contentOf(file: LayoutFile): Promise<string[]> {
  if ('content' in file) return [file.name, file.content.toString('latin1')];
  return [file.name, identityOf(await lstat(file.source))];
}

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

/** False where the bytes went on to somewhere else. */
async function writeArchive(dest: string, files: LayoutFile[], packing: Packing): Promise<boolean> {
  if ((await stat(dest).catch(() => undefined))?.isDirectory())
    throw new MpkitError('invalid-input', `\`${dest}\` is a folder, but an archive goes there`, {
      hint: 'name a file, or add `tar=false` for a folder',
    });
  const special = await openSpecial(dest, packing.signal);
  if (special) {
    await pack(special.put, files, packing).finally(special.close);
    return false;
  }
  const beside = openBeside(dest, 'file');
  try {
    const file = await open(beside.place, 'w');
    try {
      await pack((bytes) => writeAll(file, bytes), files, packing);
    } finally {
      await file.close();
    }
    await beside.take();
    return true;
  } finally {
    beside.remove();
  }
}

async function writeFolder(
  dest: string,
  files: LayoutFile[],
  { reached, signal }: Omit<Packing, 'mtime'>,
): Promise<boolean> {
  requireReplaceable(dest);
  const beside = openBeside(dest, 'folder');
  const held: ReturnType<typeof makeHeld>[] = [];
  const make = (folder: string, name: string) => {
    held.push(makeHeld(folder, name));
    return held.at(-1)!.place;
  };
  try {
    const blobs = make(make(beside.place, 'blobs'), 'sha256');
    let written = 0;
    for (const each of files) {
      const reach = (bytes: number) => reached(written + bytes);
      // copies: a user who changes the layout must not change the store
      if ('content' in each)
        await writeFile(join(beside.place, each.name), each.content, { flag: 'wx' });
      else await copySource(each, join(blobs, basename(each.name)), { reached: reach, signal });
      written += sizeOf(each);
      reached(written);
    }
    await beside.take();
    return true;
  } finally {
    for (const { close } of held) close();
    beside.remove();
  }
}
