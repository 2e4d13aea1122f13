/**
 * Tar headers: ustar (POSIX 1003.1-1988), and a PAX header before it (POSIX 1003.1-2001) for what
 * does not fit: long names, large numbers, extended attributes. Names are bytes.
 */

export type TarType =
  | 'file'
  | 'link'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo';

export interface TarEntry {
  /** Relative to the root, without leading slash; a directory's trailing slash is optional. */
  name: Buffer;
  type: TarType;
  /** Permission bits, 0o7777 at most. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes that follow the header; 0 for everything but files. */
  size: number;
  /** Whole seconds since 1970. */
  mtime: number;
  /** What a symlink says, or the name of the entry that a hard link repeats. */
  linkName?: Buffer;
  /** Devices only. */
  device?: { major: number; minor: number };
  /** Extended attributes. */
  xattrs?: Map<string, Buffer>;
  /** Of a file with holes, which is longer than what is stored of it; read, never written. */
  sparse?: Sparse;
}

export interface Sparse {
  /** Bytes, holes included. */
  size: number;
  /** Where the stored bytes belong, in their order. */
  regions: { offset: number; length: number }[];
}

export const blockSize = 512;

/** Type flags of POSIX. */
export const typeFlags: Record<TarType, string> = {
  file: '0',
  link: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};

/** One header, or two with the PAX records' own; a multiple of 512 bytes. */
export function encodeHeader(entry: TarEntry): Buffer {
  const name = nameOf(entry);
  const body = paxBody(entry);
  const header = ustar({ ...entry, name }, typeFlags[entry.type]);
  if (body.length === 0) return header;
  const own = { ...plain, name: Buffer.from('PaxHeaders/entry'), size: body.length };
  return Buffer.concat([ustar(own, 'x'), body, padding(body.length), header]);
}

/** As it is written: folders' names end with a slash. */
export function nameOf({ type, name }: TarEntry): Buffer {
  return type === 'directory' && name.at(-1) !== slash
    ? Buffer.concat([name, Buffer.of(slash)])
    : name;
}

/** The PAX records for what does not fit; none is empty. */
export function paxBody(entry: TarEntry): Buffer {
  return Buffer.concat(paxRecords(entry, nameOf(entry)));
}

/** Bytes that the records of one entry may have. */
export const largestExtension = 1024 * 1024;

/** Zeros that fill the last block after `size` bytes. */
export function padding(size: number): Buffer {
  return zeros.subarray(0, (blockSize - (size % blockSize)) % blockSize);
}

/** What ends an archive: two empty blocks. */
export const endOfArchive = Buffer.alloc(2 * blockSize);

const slash = 0x2f;
const zeros = Buffer.alloc(blockSize);
const plain: TarEntry = {
  name: Buffer.alloc(0),
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
};

const nameField = 100;
/** Largest numbers of the octal fields: 7 digits for ids, 11 for sizes and times. */
const largestId = 0o7777777;
const largestNumber = 0o77777777777;

function paxRecords(entry: TarEntry, name: Buffer): Buffer[] {
  const records = new Map<string, Buffer>();
  const add = (key: string, value: Buffer | number) =>
    records.set(key, typeof value === 'number' ? Buffer.from(String(value)) : value);
  if (entry.gid > largestId) add('gid', entry.gid);
  if (entry.linkName && entry.linkName.length > nameField) add('linkpath', entry.linkName);
  if (entry.mtime < 0 || entry.mtime > largestNumber) add('mtime', entry.mtime);
  if (name.length > nameField) add('path', name);
  if (entry.size > largestNumber) add('size', entry.size);
  if (entry.uid > largestId) add('uid', entry.uid);
  const attributes = [...(entry.xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, value] of attributes) add(`SCHILY.xattr.${key}`, value);
  return [...records].map(([key, value]) => paxRecord(key, value));
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length)
    length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function ustar(entry: TarEntry, flag: string): Buffer {
  const block = Buffer.alloc(blockSize);
  entry.name.copy(block, 0, 0, nameField);
  octal(block, 100, 7, entry.mode);
  octal(block, 108, 7, Math.min(entry.uid, largestId));
  octal(block, 116, 7, Math.min(entry.gid, largestId));
  octal(block, 124, 11, Math.min(entry.size, largestNumber));
  octal(block, 136, 11, Math.max(0, Math.min(entry.mtime, largestNumber)));
  block.write(flag, 156, 'latin1');
  entry.linkName?.copy(block, 157, 0, nameField);
  block.write('ustar\x0000', 257, 'latin1');
  octal(block, 329, 7, entry.device?.major ?? 0);
  octal(block, 337, 7, entry.device?.minor ?? 0);
  octal(block, 148, 6, headerSum(block));
  block[154] = 0;
  block[155] = 0x20;
  return block;
}

/** Sum of all bytes, where those of the sum itself count as blanks. */
export function headerSum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < blockSize; at++) if (at < 148 || at >= 156) sum += block[at]!;
  return sum;
}

function octal(block: Buffer, at: number, digits: number, value: number): void {
  block.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
}
