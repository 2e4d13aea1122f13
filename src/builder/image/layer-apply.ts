/**
 * Unpacks a layer (image-spec, layer.md) into a root folder, which is an overlay of the layers
 * below: its upper folder then is the snapshot, with the kernel's own whiteouts. The blob is
 * checked against its diffId on the way.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import * as zlib from 'node:zlib';
import { unmappedIds } from '../../emulator/index.ts';
import { ioError, MpkitError } from '../../errors.ts';
import type { Digest } from './digest.ts';
import { meaningOf, parseEntryPath, refused } from './entry-path.ts';
import { type LayerTarget, openTarget } from './layer-target.ts';
import { Malformed } from './malformed.ts';
import { compressionOf } from './media-types.ts';
import { readTar, type TarMember } from './tar-read.ts';
import { overLimit } from './unpack-limit.ts';
import { unzstd } from './zstd.ts';

export interface ApplyOptions {
  /** The blob's file, its digest already checked. */
  blob: string;
  mediaType: string;
  /** Of the merged root to write into; stays open. */
  rootFd: number;
  expectedDiffId: Digest;
  /** Unpacked bytes, holes included. */
  most: number;
  /** Everything belongs to root: for a user namespace that maps one id only. */
  ignoreOwners?: boolean;
  signal?: AbortSignal;
}

/**
 * Returns how many bytes it unpacked to. Throws `invalid-image` naming the entry, `not-supported`, `host-unable` for an owner outside the
 * namespace's ids, `disk-full` or `io`. After any failure the caller removes the upper folder.
 */
export async function applyLayer(options: ApplyOptions): Promise<number> {
  const { rootFd, ignoreOwners = false, signal } = options;
  const target = openTarget(rootFd, { ignoreOwners });
  try {
    return await readUnpacked(options, async (source) => {
      let holes = 0;
      for await (const member of readTar(source)) {
        signal?.throwIfAborted();
        if (member.sparse) holes += member.sparse.size - member.size;
        if (holes > options.most) throw overLimit(options.most);
        await applyMember(target, member);
      }
      target.finish();
      return holes;
    });
  } finally {
    target.close();
  }
}

/** Throws as `applyLayer` does where the blob unpacks to something else; makes nothing of it. */
export async function checkUnpacked(options: Omit<ApplyOptions, 'rootFd'>): Promise<number> {
  return readUnpacked(options, async (source) => {
    for await (const _ of source) options.signal?.throwIfAborted();
    return 0;
  });
}

/** `read` takes all of it, and returns how many bytes it stands for besides. */
async function readUnpacked(
  { blob, mediaType, expectedDiffId, most }: Omit<ApplyOptions, 'rootFd'>,
  read: (source: AsyncIterable<Buffer>) => Promise<number>,
): Promise<number> {
  const compression = compressionOf(mediaType);
  const hash = createHash('sha256');
  let total = 0;
  let file: FileHandle | undefined;
  try {
    file = await open(blob, constants.O_RDONLY | constants.O_NOFOLLOW);
    const source = limited(decompress(file, compression), most, (chunk) => {
      hash.update(chunk);
      total += chunk.length;
    });
    const others = await read(source);
    total += others;
  } catch (error) {
    throw explain(error);
  } finally {
    await file?.close();
  }
  const diffId = `sha256:${hash.digest('hex')}`;
  if (diffId === expectedDiffId) return total;
  throw new MpkitError(
    'invalid-image',
    `a layer unpacks to \`${diffId}\`, but its image says \`${expectedDiffId}\``,
  );
}

async function applyMember(target: LayerTarget, member: TarMember): Promise<void> {
  const path = parseEntryPath(member.name);
  const meaning = meaningOf(member.name, path);
  try {
    if (meaning.kind === 'opaque') target.hideLower(path.parent);
    else if (meaning.kind === 'whiteout') target.hideLower(path.parent, meaning.hidden);
    else if (meaning.kind === 'entry') await target.create(path, member);
  } catch (error) {
    throw entryError(error, member);
  }
}

/** Errors that the archive's names cause; a full disk and the like stay what they are. */
function entryError(error: unknown, { name, uid, gid }: TarMember): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'EINVAL' && syscall?.includes('chown')) {
    const what = `\`${name}\` of the image belongs to ${uid}:${gid}`;
    const reason = { code: 'host-unable' as const, cause: error };
    return unmappedIds({ user: uid, group: gid }, what, reason) ?? error;
  }
  const causes = new Map([
    ['ELOOP', 'goes through a loop of links'],
    ['ENOTDIR', 'goes through something that is no folder'],
    ['ENOENT', 'goes through a link to nothing, or repeats a file that is not there'],
    ['ENAMETOOLONG', 'is too long'],
    ['EMLINK', 'has too many links'],
    ['EXDEV', 'links into another file system'],
  ]);
  const cause = causes.get(code ?? '');
  return cause ? refused(name, cause) : error;
}

function decompress(
  file: FileHandle,
  compression: 'none' | 'gzip' | 'zstd',
): AsyncIterable<Buffer> {
  const raw = file.createReadStream({ highWaterMark: 1 << 18, autoClose: false });
  if (compression === 'none') return raw;
  if (compression === 'zstd') return unzstd(raw);
  const unpack = zlib.createGunzip({ chunkSize: 1 << 18 });
  raw.on('error', (error) => unpack.destroy(error));
  return raw.pipe(unpack);
}

async function* limited(
  source: AsyncIterable<Buffer>,
  most: number,
  see: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > most) throw overLimit(most);
    see(chunk);
    yield chunk;
  }
}

function explain(error: unknown): unknown {
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') return error;
  if (error instanceof Malformed)
    return new MpkitError('invalid-image', `a layer that cannot be unpacked: ${error.message}`);
  if (code?.startsWith('Z_') || code?.startsWith('ZSTD_') || code === 'ERR__ZSTD')
    return new MpkitError('invalid-image', `a layer that cannot be unpacked: ${code}`, {
      cause: error,
    });
  return ioError(error, 'unpacking a layer');
}
