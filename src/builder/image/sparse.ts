/**
 * Files with holes, as GNU tar stores them (its manual, "Storing Sparse Files"): a map says where
 * the stored bytes belong. PAX 1.0 has it before the bytes, PAX 0.0 and 0.1 among the records, the
 * format before PAX in the header and blocks after it.
 */
import { Malformed } from './malformed.ts';
import { decimal, type PaxRecords } from './pax.ts';
import { blockSize, type Sparse } from './tar-header.ts';
import { positiveNumber } from './tar-number.ts';

type NextBlock = () => Promise<Buffer>;

/** What PAX records say; undefined for a file without holes. Throws `Malformed`. */
export async function sparseOf(pax: PaxRecords, next: NextBlock): Promise<Sparse | undefined> {
  if (![...pax.keys()].some((key) => key.startsWith('GNU.sparse.'))) return undefined;
  const text = (key: string) => pax.get(`GNU.sparse.${key}`)?.toString('latin1');
  const size = (key: string) => decimal(key, pax.get(`GNU.sparse.${key}`) ?? Buffer.alloc(0));
  const version = `${text('major') ?? ''}.${text('minor') ?? ''}`;
  if (version === '1.0') return { size: size('realsize'), regions: await storedMap(next) };
  const list = text('map');
  if (version !== '.' && version !== '0.0' && version !== '0.1')
    throw new Malformed(`a sparse file of version ${version.slice(0, 20)}`);
  if (list === undefined) throw new Malformed('a sparse file without a map of its holes');
  return { size: size('size'), regions: paired(list.split(',')) };
}

/** What a sparse file is called: its header has another name, for readers that know no holes. */
export function sparseName(pax: PaxRecords): Buffer | undefined {
  const name = pax.get('GNU.sparse.name');
  if (name?.includes(0)) throw new Malformed('a name with a NUL byte');
  return name;
}

/** The map of an entry of type `S`, which begins in its header. */
export async function readOldSparse(header: Buffer, next: NextBlock): Promise<Sparse> {
  const regions: Sparse['regions'] = [];
  const add = (block: Buffer, from: number, most: number) => {
    for (let at = from; at < from + most * 24; at += 24) {
      if (block[at] === 0) return;
      const [offset, length] = [positiveNumber(block, at, 12), positiveNumber(block, at + 12, 12)];
      regions.push({ offset, length });
    }
  };
  add(header, 386, 4);
  for (let more = header[482] !== 0; more; ) {
    if (regions.length * 24 > largestMap) throw tooLarge();
    const block = await next();
    add(block, 0, 21);
    more = block[504] !== 0;
  }
  return { size: positiveNumber(header, 483, 12), regions };
}

/** Regions follow one another, end within the file, and are `stored` bytes together. */
export function checkSparse({ size, regions }: Sparse, stored: number): void {
  let end = 0;
  let sum = 0;
  for (const { offset, length } of regions) {
    if (offset < end || offset + length > size) throw new Malformed('a map of holes that overlap');
    end = offset + length;
    sum += length;
  }
  if (sum !== stored)
    throw new Malformed(`a map of holes for ${sum} bytes where ${stored} are stored`);
}

/** Numbers that end with a newline each: how many regions, and two for each; blocks are filled. */
async function storedMap(next: NextBlock): Promise<Sparse['regions']> {
  const blocks: Buffer[] = [];
  let lines = 0;
  for (let wanted = 1; lines < wanted; ) {
    if (blocks.length * blockSize >= largestMap) throw tooLarge();
    const block = await next();
    blocks.push(block);
    for (const byte of block) if (byte === 0x0a) lines++;
    if (wanted === 1 && lines > 0) wanted += 2 * countOf(Buffer.concat(blocks));
  }
  const text = Buffer.concat(blocks).toString('latin1').split('\n');
  return paired(text.slice(1, 1 + 2 * countOf(Buffer.concat(blocks))));
}

function countOf(map: Buffer): number {
  return decimal('count of regions', map.subarray(0, map.indexOf(0x0a)));
}

function paired(numbers: string[]): Sparse['regions'] {
  if (numbers.length % 2 !== 0) throw new Malformed('a map of holes with half a region');
  if (numbers.length > largestMap) throw tooLarge();
  const regions: Sparse['regions'] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    const value = (text: string) => decimal('sparse map', Buffer.from(text, 'latin1'));
    regions.push({ offset: value(numbers[at]!), length: value(numbers[at + 1]!) });
  }
  return regions;
}

/** Bytes. */
const largestMap = 1024 * 1024;

function tooLarge(): Malformed {
  return new Malformed(`a map of holes larger than ${largestMap} bytes`);
}
