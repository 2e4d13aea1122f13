/**
 * Unpacks zstd (RFC 8878). The stream is cut into frames and blocks here: Node's own decoder (since
 * 22.15) ends with the first frame, and fzstd, which serves before, is given one block at a time, so
 * that what is held is bounded: one window and 128 KiB, whatever a hostile frame says. fzstd looks
 * at no checksum: the layer's own decides.
 */
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { byteReader } from './byte-reader.ts';
import { Malformed } from './malformed.ts';

/** Throws `Malformed`. Any number of frames, and what is to be skipped between them. */
export async function* unzstd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decode = nodeDecoder() ?? (await plainDecoder());
  const reader = byteReader(source);
  for (let magic = await reader.next(4); magic; magic = await reader.next(4)) {
    const kind = magic.readUInt32LE();
    if ((kind & ~0xf) >>> 0 === skippableMagic) {
      await reader.skip((await reader.take(4)).readUInt32LE());
      continue;
    }
    if (kind !== frameMagic) throw new Malformed('it is not zstd');
    yield* decode(frame(reader, magic));
  }
}

/** Unpacks the parts of one frame. */
type Decode = (parts: AsyncIterable<Part>) => AsyncIterable<Buffer>;

/** Node's own, where it has one: several times as fast. */
function nodeDecoder(): Decode | undefined {
  const { createZstdDecompress } = zlib as {
    createZstdDecompress?: (options: object) => zlib.Gunzip;
  };
  if (!createZstdDecompress) return undefined;
  return (parts) => {
    const unpack = createZstdDecompress({ chunkSize: 1 << 18 });
    const bytes = Readable.from(bytesOf(parts));
    bytes.on('error', (error) => unpack.destroy(error));
    return bytes.pipe(unpack);
  };
}

async function* bytesOf(parts: AsyncIterable<Part>): AsyncGenerator<Buffer> {
  for await (const { bytes } of parts) yield bytes;
}

async function plainDecoder(): Promise<Decode> {
  const { Decompress } = await import('fzstd');
  return async function* (parts) {
    const found: Buffer[] = [];
    const decoder = new Decompress((chunk) => {
      found.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    });
    for await (const part of parts) {
      push(decoder, part);
      yield* found.splice(0);
    }
  };
}

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
/** The largest window that the reference program takes unasked: 128 MiB. */
const largestWindow = 2 ** 27;

interface Part {
  bytes: Buffer;
  final: boolean;
}

/** The header with the first block, each further block, and the checksum with the last. */
async function* frame(reader: ReturnType<typeof byteReader>, magic: Buffer): AsyncGenerator<Part> {
  const descriptor = await reader.take(1);
  const bits = descriptor[0]!;
  const single = (bits & 0x20) !== 0;
  if ((bits & 3) !== 0) throw new Malformed('it needs a zstd dictionary');
  const sizeBytes = bits >> 6 === 0 ? Number(single) : 1 << (bits >> 6);
  const fields = await reader.take(Number(!single) + sizeBytes);
  checkWindow(fields, single);
  let before = Buffer.concat([magic, descriptor, fields]);
  for (;;) {
    const header = await reader.take(3);
    const word = header.readUIntLE(0, 3);
    const [last, type, size] = [(word & 1) === 1, (word >> 1) & 3, word >> 3];
    if (type === 3 || size > largestBlock) throw new Malformed('a zstd block that is none');
    const body = await reader.take(type === 1 ? 1 : size);
    const checksum = await reader.take(last && (bits & 4) !== 0 ? 4 : 0);
    yield { bytes: Buffer.concat([before, header, body, checksum]), final: last };
    if (last) return;
    before = Buffer.alloc(0);
  }
}

const largestBlock = 128 * 1024;

function checkWindow(fields: Buffer, single: boolean): void {
  const size = single ? sizeOf(fields) : windowOf(fields[0]!);
  if (size > largestWindow) throw new Malformed(`a zstd window of ${size} bytes`);
}

/** RFC 8878, 3.1.1.1.4: two bytes count from 256. */
function sizeOf(field: Buffer): number {
  if (field.length === 8) return Number(field.readBigUInt64LE());
  return field.readUIntLE(0, field.length) + (field.length === 2 ? 256 : 0);
}

function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

type Decoder = { push: (chunk: Uint8Array, final?: boolean) => void };

function push(decoder: Decoder, { bytes, final }: Part): void {
  try {
    decoder.push(bytes, final);
  } catch (error) {
    throw new Malformed(`zstd: ${(error as Error).message}`);
  }
}
