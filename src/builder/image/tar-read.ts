/**
 * A strict reader of tar archives: ustar, PAX and GNU's long names (POSIX 1003.1-2001, pax). What
 * two readers could understand in two ways is refused, and names stay bytes; that is why this is
 * not a library's work (tar-stream decodes PAX records as text, so names and attributes change).
 */
import { MpkitError } from '../../errors.ts';
import { byteReader, type Source } from './byte-reader.ts';
import { Malformed } from './malformed.ts';
import { applyPax, checkGlobalPax, type PaxRecords, parsePax } from './pax.ts';
import { checkSparse, readOldSparse, sparseName, sparseOf } from './sparse.ts';
import {
  blockSize,
  headerSum,
  largestExtension,
  type Sparse,
  type TarEntry,
  type TarType,
  typeFlags,
} from './tar-header.ts';
import { positiveNumber, tarNumber } from './tar-number.ts';

export interface TarMember extends TarEntry {
  /** Where the file's bytes begin in the archive. */
  offset: number;
  /** The file's bytes; what is not read of them is skipped. */
  content(): AsyncGenerator<Buffer>;
}

/** Yields the members in their order; throws `invalid-image` naming the last good member. */
export async function* readTar(source: Source): AsyncGenerator<TarMember, void, undefined> {
  const reader = byteReader(source);
  let last = 'the start';
  try {
    for (;;) {
      const found = await readEntry(reader);
      if (!found) break;
      const { entry, pax } = found;
      last = `\`${entry.name}\``;
      const end = reader.position() + entry.size;
      const sparse = await readSparse(reader, entry, pax);
      const offset = reader.position();
      if (end < offset) throw new Malformed('a map of holes that is longer than its file');
      yield {
        ...entry,
        ...(sparse && { sparse }),
        size: end - offset,
        offset,
        content: () => reader.stream(end - reader.position()),
      };
      await reader.skip(end - reader.position() + paddingOf(entry.size));
    }
    await reader.expectZeros();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new MpkitError('invalid-image', `invalid archive after ${last}: ${error.message}`);
  }
}

type Reader = ReturnType<typeof byteReader>;

/** The next entry with what the headers before it say about it; undefined at the end. */
async function readEntry(reader: Reader): Promise<Described | undefined> {
  let pax: PaxRecords | undefined;
  let longName: Buffer | undefined;
  let longLink: Buffer | undefined;
  for (;;) {
    const block = await reader.next(blockSize);
    if (!block || isEmpty(block)) {
      if (pax || longName || longLink) throw new Malformed('a header that describes no entry');
      return undefined;
    }
    const header = parseHeader(block);
    // POSIX: the records of `x` are for the next file entry, not for the headers between
    if (header.flag === 'x') {
      if (pax) throw new Malformed('two extended headers for one entry');
      pax = parsePax(await readExtra(reader, header.size));
    } else if (header.flag === 'g') {
      checkGlobalPax(parsePax(await readExtra(reader, header.size)));
    } else if (header.flag === 'L') longName = cString(await readExtra(reader, header.size));
    else if (header.flag === 'K') longLink = cString(await readExtra(reader, header.size));
    else {
      const holes =
        header.flag === 'S' ? await readOldSparse(block, () => reader.take(blockSize)) : undefined;
      const entry = toEntry(header, { pax, longName, longLink });
      return { entry: { ...entry, ...(holes && { sparse: holes }) }, pax };
    }
  }
}

interface Described {
  entry: TarEntry;
  pax: PaxRecords | undefined;
}

/** Of whatever form; it has to describe exactly what is stored. */
async function readSparse(
  reader: Reader,
  entry: TarEntry,
  pax: PaxRecords | undefined,
): Promise<Sparse | undefined> {
  const from = reader.position();
  const sparse = entry.sparse ?? (pax && (await sparseOf(pax, () => reader.take(blockSize))));
  if (!sparse) return undefined;
  entry.name = (pax && sparseName(pax)) ?? entry.name;
  if (entry.type !== 'file') throw new Malformed(`\`${entry.name}\` has holes but is no file`);
  checkSparse(sparse, entry.size - (reader.position() - from));
  return sparse;
}

interface Header extends Omit<TarEntry, 'type' | 'linkName'> {
  flag: string;
  linkName: Buffer;
}

interface Extras {
  pax: PaxRecords | undefined;
  longName: Buffer | undefined;
  longLink: Buffer | undefined;
}

function toEntry(header: Header, { pax, longName, longLink }: Extras): TarEntry {
  const { flag, linkName, ...fields } = header;
  const told = typeOf.get(flag);
  if (!told) throw new Malformed(`an entry of unknown type ${JSON.stringify(flag)}`);
  const entry: TarEntry = { ...fields, type: told, name: longName ?? header.name };
  const link = longLink ?? linkName;
  if (link.length > 0) entry.linkName = link;
  if (pax) applyPax(entry, pax);
  // pre-POSIX archives mark directories by the slash alone; a cut name may end anywhere
  if ((flag === '0' || flag === '\0') && entry.name.at(-1) === 0x2f) entry.type = 'directory';
  const { type } = entry;
  if (entry.uid > largestOwner || entry.gid > largestOwner)
    throw new Malformed(`\`${entry.name}\` belongs to ${entry.uid}:${entry.gid}`);
  if (entry.type !== 'file' && entry.size !== 0)
    throw new Malformed(`\`${entry.name}\` has content but is a ${type}`);
  if ((type === 'link' || type === 'symlink') && !entry.linkName)
    throw new Malformed(`\`${entry.name}\` is a ${type} to nothing`);
  return entry;
}

/** 2³²−1 means "leave as it is" to chown(2). */
const largestOwner = 0xfffffffe;

const typeOf = new Map<string, TarType>([
  ...Object.entries(typeFlags).map(([type, flag]) => [flag, type as TarType] as const),
  ['\0', 'file'],
  ['7', 'file'],
  // GNU's, before PAX
  ['S', 'file'],
]);

function parseHeader(block: Buffer): Header {
  if (tarNumber(block, 148, 8) !== headerSum(block))
    throw new Malformed('a header of wrong checksum');
  const magic = block.toString('latin1', 257, 263);
  const name = cString(block.subarray(0, 100));
  const prefix = magic === 'ustar\0' ? cString(block.subarray(345, 500)) : Buffer.alloc(0);
  const flag = block.toString('latin1', 156, 157);
  const isDevice = flag === '3' || flag === '4';
  return {
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    flag,
    mode: tarNumber(block, 100, 8) & 0o7777,
    uid: positiveNumber(block, 108, 8),
    gid: positiveNumber(block, 116, 8),
    size: positiveNumber(block, 124, 12),
    mtime: tarNumber(block, 136, 12),
    linkName: cString(block.subarray(157, 257)),
    ...(isDevice && {
      device: { major: positiveNumber(block, 329, 8), minor: positiveNumber(block, 337, 8) },
    }),
  };
}

async function readExtra(reader: Reader, size: number): Promise<Buffer> {
  if (size > largestExtension) throw new Malformed(`an extended header of ${size} bytes`);
  const content = await reader.take(size);
  await reader.skip(paddingOf(size));
  return content;
}

/** Up to the first NUL. */
function cString(field: Buffer): Buffer {
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function isEmpty(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}
