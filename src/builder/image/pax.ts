/** PAX records (POSIX 1003.1-2001, pax, "pax Extended Header"): `LENGTH KEY=VALUE\n`. */
import { Malformed } from './malformed.ts';
import type { TarEntry } from './tar-header.ts';

export type PaxRecords = Map<string, Buffer>;

/** Throws `Malformed` for wrong lengths, repeated keys, and NULs in names. */
export function parsePax(content: Buffer): PaxRecords {
  const records: PaxRecords = new Map();
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(0x20, at);
    const digits = blank < 0 ? '' : content.toString('latin1', at, Math.min(blank, at + 10));
    const end = at + Number(digits);
    const equals = content.indexOf(0x3d, blank);
    if (!/^[1-9][0-9]*$/.test(digits) || end > content.length || content[end - 1] !== 0x0a)
      throw new Malformed('an extended header whose lengths are wrong');
    if (equals < 0 || equals >= end) throw new Malformed('an extended header without `=`');
    // attributes have names of any bytes, as libc.ts gives and takes them
    const key = content.toString('latin1', blank + 1, equals);
    const value = Buffer.from(content.subarray(equals + 1, end - 1));
    at = end;
    if (isRegion(key)) {
      addRegion(records, value);
      continue;
    }
    if (key === '' || records.has(key)) throw new Malformed(`the record \`${key}\` twice`);
    records.set(key, value);
  }
  return records;
}

/** GNU's first form names each region by two records, over and over; its second has one list. */
function isRegion(key: string): boolean {
  return key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes';
}

function addRegion(records: PaxRecords, value: Buffer): void {
  const regions = records.get(regionList);
  if (regions && regions.length > longestList) throw new Malformed('a map of too many holes');
  records.set(regionList, regions ? Buffer.concat([regions, comma, value]) : value);
}

const regionList = 'GNU.sparse.map';
const comma = Buffer.from(',');
const longestList = 64 * 1024;

/** Changes `entry` as the records say; times of other kinds and comments are passed over. */
export function applyPax(entry: TarEntry, records: PaxRecords): void {
  for (const [key, value] of records) {
    // an empty value withdraws what an earlier global header said
    if (value.length === 0 && !key.startsWith(xattr)) continue;
    if (key === 'path') entry.name = withoutNul(value);
    else if (key === 'linkpath') entry.linkName = withoutNul(value);
    else if (key === 'size') entry.size = decimal(key, value);
    else if (key === 'uid') entry.uid = decimal(key, value);
    else if (key === 'gid') entry.gid = decimal(key, value);
    else if (key === 'mtime') entry.mtime = seconds(value);
    else if (key.startsWith(xattr)) {
      entry.xattrs ??= new Map();
      entry.xattrs.set(key.slice(xattr.length), value);
    }
  }
}

/** GNU tar obeys global records and Go does not: only what changes nothing may be there. */
export function checkGlobalPax(records: PaxRecords): void {
  for (const key of records.keys())
    if (key !== 'comment') throw new Malformed(`a global header that sets \`${key}\``);
}

const xattr = 'SCHILY.xattr.';

function withoutNul(value: Buffer): Buffer {
  if (value.includes(0)) throw new Malformed('a name with a NUL byte');
  return value;
}

export function decimal(key: string, value: Buffer): number {
  const text = value.toString('latin1');
  const number = Number(text);
  if (!/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(number))
    throw new Malformed(`the ${key} \`${text.slice(0, 40)}\``);
  return number;
}

/** Fractions are cut off towards the past. */
function seconds(value: Buffer): number {
  const text = value.toString('latin1');
  if (!/^-?[0-9]{1,12}(\.[0-9]*)?$/.test(text))
    throw new Malformed(`the time \`${text.slice(0, 40)}\``);
  return Math.floor(Number(text));
}
