/** Unpacks what holds a tar archive, as it comes. */
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { Malformed } from './malformed.ts';
import type { Compression } from './media-types.ts';
import { unzstd } from './zstd.ts';

/** What it throws for bytes that are not packed so, `brokenPacking` words. */
export function decompress(
  packed: AsyncIterable<Buffer>,
  compression: Compression,
): AsyncIterable<Buffer> {
  if (compression === 'none') return packed;
  if (compression === 'zstd') return unzstd(packed);
  const raw = packed instanceof Readable ? packed : Readable.from(packed, { objectMode: false });
  const unpack = zlib.createGunzip({ chunkSize: 1 << 18 });
  raw.on('error', (error) => unpack.destroy(error));
  return raw.pipe(unpack);
}

/** What is wrong with the bytes; undefined where the failure is another one. */
export function brokenPacking(error: unknown): string | undefined {
  if (error instanceof Malformed) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  // zlib's word for input that is over before its end mark
  if (code === 'Z_BUF_ERROR') return 'it ends too early';
  return code?.startsWith('Z_') || code?.startsWith('ZSTD_') || code === 'ERR__ZSTD'
    ? `its packed data is damaged (${message})`
    : undefined;
}
