/** The files of an OCI image layout in a tar archive, read where they lie: nothing is unpacked. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { ioError, MpkitError } from '../../errors.ts';
import { documentLimit } from './blobs.ts';
import type { Source } from './byte-reader.ts';
import type { LayoutFiles } from './layout-medium.ts';
import { readTar } from './tar-read.ts';

/** Reads the headers once. Throws `invalid-image` where two readers could find other files in it. */
export async function archiveFiles(path: string): Promise<LayoutFiles> {
  const places = await placesIn(path);
  const placeOf = (name: string) => {
    const place = places.get(name);
    if (place) return place;
    throw new MpkitError('not-found', `no OCI layout in \`${path}\`: \`${name}\` is missing`);
  };
  const blob = (name: string) => bytesOf(path, placeOf(name));
  return {
    name: path,
    document: async (name) => {
      const { size } = placeOf(name);
      if (size > documentLimit)
        throw new MpkitError(
          'invalid-image',
          `\`${name}\` in \`${path}\` has ${size} bytes, but a document may have ${documentLimit}`,
        );
      const parts: Buffer[] = [];
      for await (const part of blob(name)) parts.push(part);
      return Buffer.concat(parts);
    },
    blob,
  };
}

interface Place {
  offset: number;
  size: number;
}

async function placesIn(path: string): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  const names = new Set<string>();
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFile())
      throw new MpkitError('invalid-image', `\`${path}\` is no archive but a folder or device`);
    for await (const { name, type, offset, size, sparse } of readTar(headersOf(fd))) {
      if (type === 'directory') continue;
      if (sparse) throw new MpkitError('invalid-image', `\`${path}\` holds \`${name}\` with holes`);
      const plain = name.toString('utf8').replace(/^(\.\/)+/, '');
      if (names.has(plain))
        throw new MpkitError('invalid-image', `\`${path}\` has \`${plain}\` twice`);
      names.add(plain);
      if (type === 'file') places.set(plain, { offset, size });
    }
  } catch (error) {
    throw ioError(error, `reading \`${path}\``);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  return places;
}

const chunkSize = 64 * 1024;

/** What is skipped is not read. */
function headersOf(fd: number): Source {
  let at = 0;
  return {
    skip: (count) => {
      at += count;
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const chunk = Buffer.allocUnsafe(chunkSize);
        const length = readSync(fd, chunk, 0, chunkSize, at);
        if (length === 0) return;
        at += length;
        yield chunk.subarray(0, length);
      }
    },
  };
}

async function* bytesOf(path: string, { offset, size }: Place): AsyncGenerator<Buffer> {
  if (size === 0) return;
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const range = { start: offset, end: offset + size - 1 };
    yield* file.createReadStream({ ...range, highWaterMark: 1 << 20, autoClose: false });
  } finally {
    await file.close();
  }
}
