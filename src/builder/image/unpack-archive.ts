/**
 * Unpacks an archive of plain files, such as a build context, into an empty folder: what `.wh.`
 * begins is a file like others here, and everything belongs to root.
 */
import { ioError, MpkitError } from '../../errors.ts';
import { createPause, inTurns } from '../../pause.ts';
import { brokenPacking, decompress } from './decompress.ts';
import { entryError } from './entry-error.ts';
import { parseEntryPath } from './entry-path.ts';
import { openTarget } from './layer-target.ts';
import type { Compression } from './media-types.ts';
import { readTar } from './tar-read.ts';
import { archiveOverLimit, createMeter, spareOf, unpackAllowance } from './unpack-limit.ts';

export interface UnpackOptions {
  packed: AsyncIterable<Buffer>;
  compression: Compression;
  /** Of the folder; stays open. */
  rootFd: number;
  /** What the archive is called in messages. */
  name: string;
  signal: AbortSignal;
}

/** Throws `invalid-input`, `disk-full` or `io`; after any failure the caller removes the folder. */
export async function unpackArchive(options: UnpackOptions): Promise<void> {
  const { packed, compression, rootFd, name, signal } = options;
  const target = openTarget(rootFd, { ignoreOwners: true });
  let size = 0;
  const meter = createMeter(
    () => unpackAllowance([size]),
    (most) => archiveOverLimit(name, most),
    spareOf(`/proc/self/fd/${rootFd}`),
  );
  const counted = watched(packed, (chunk) => {
    size += chunk.length;
  });
  const unpacked = inTurns(decompress(counted, compression), createPause(signal));
  const source = watched(unpacked, meter.addChunk);
  try {
    for await (const member of readTar(source)) {
      if (member.sparse) meter.addHoles(member.sparse.size - member.size);
      try {
        await target.create(parseEntryPath(member.name), member);
      } catch (error) {
        throw entryError(error, member);
      }
    }
    target.finish();
  } catch (error) {
    throw explain(error, name);
  } finally {
    target.close();
  }
}

async function* watched(
  source: AsyncIterable<Buffer>,
  see: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    see(chunk);
    yield chunk;
  }
}

function explain(error: unknown, name: string): unknown {
  if ((error as Error).name === 'AbortError') return error;
  const broken =
    error instanceof MpkitError && error.code === 'invalid-image'
      ? error.message
      : brokenPacking(error);
  if (broken !== undefined)
    return new MpkitError('invalid-input', `${name} cannot be unpacked: ${broken}`, {
      cause: error,
    });
  return ioError(error, `unpacking ${name}`);
}
