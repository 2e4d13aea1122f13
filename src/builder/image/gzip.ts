/**
 * Gzip (RFC 1952) of a stream, on all cores: blocks of a fixed size are deflated apart, each with
 * the end of the one before as its dictionary, and joined to one member. The header has neither
 * name nor time, so the same bytes give the same bytes, whatever the number of cores.
 */
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';

const deflate = promisify<Buffer, object, Buffer>(deflateRaw);

/** Yields the compressed stream; `level` is zlib's 0 to 9. At most `width` blocks are in memory. */
export async function* gzip(
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  level: number,
): AsyncGenerator<Buffer> {
  yield Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
  let checksum = 0;
  let length = 0n;
  let dictionary: Buffer | undefined;
  const pending: Promise<Buffer>[] = [];
  for await (const block of blocksOf(chunks)) {
    checksum = crc32(block, checksum);
    length += BigInt(block.length);
    pending.push(started(deflate(block, options(level, constants.Z_SYNC_FLUSH, dictionary))));
    dictionary = block.subarray(-windowSize);
    if (pending.length >= width) yield await pending.shift()!;
  }
  for (const block of pending) yield await block;
  yield await deflate(Buffer.alloc(0), options(level, constants.Z_FINISH, undefined));
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(Number(length & 0xffffffffn), 4);
  yield trailer;
}

const blockSize = 512 * 1024;
const windowSize = 32 * 1024;
const width = 8;

function options(level: number, finishFlush: number, dictionary: Buffer | undefined): object {
  return {
    level,
    finishFlush,
    memLevel: 9,
    chunkSize: 128 * 1024,
    ...(dictionary && { dictionary }),
  };
}

/** A failure is reported where the block is awaited, not as an unhandled rejection before. */
function started(block: Promise<Buffer>): Promise<Buffer> {
  block.catch(() => {});
  return block;
}

/** Cuts at multiples of `blockSize`, wherever the chunks of the source end. */
async function* blocksOf(chunks: Iterable<Buffer> | AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let block = Buffer.allocUnsafe(blockSize);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const size = chunk.copy(block, filled, at);
      at += size;
      filled += size;
      if (filled < blockSize) continue;
      yield block;
      block = Buffer.allocUnsafe(blockSize);
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
