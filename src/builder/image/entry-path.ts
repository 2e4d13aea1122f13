/** The names in a layer, and what its special names mean (image-spec, layer.md, "Whiteouts"). */
import { MpkitError } from '../../errors.ts';

export interface EntryPath {
  /** Components of the parent folder, none of them empty, `.` or `..`. */
  parent: Buffer[];
  /** The last component; empty for the root folder itself. */
  base: Buffer;
}

/**
 * A leading slash and `.` components mean nothing; `..`, and NULs, throw `invalid-image`. A whiteout
 * is longer than the name that it stands for, which alone has to fit.
 */
export function parseEntryPath(name: Buffer): EntryPath {
  if (name.length > longestPath + whiteout.length)
    throw refused(name, 'is longer than 4,095 bytes');
  const parts: Buffer[] = [];
  for (let at = 0; at <= name.length; ) {
    const found = name.indexOf(0x2f, at);
    const end = found < 0 ? name.length : found;
    const part = name.subarray(at, end);
    at = end + 1;
    if (part.length === 0 || part.equals(dot)) continue;
    if (part.equals(dots)) throw refused(name, 'leads upwards');
    const stoodFor =
      found < 0 && startsWith(part, whiteout) ? part.length - whiteout.length : part.length;
    if (stoodFor > 255) throw refused(name, 'has a component longer than 255 bytes');
    parts.push(part);
  }
  if (name.includes(0)) throw refused(name, 'holds a NUL byte');
  if (name.length === 0) throw refused(name, 'is empty');
  const base = parts.pop() ?? Buffer.alloc(0);
  if (name.length > longestPath && !startsWith(base, whiteout))
    throw refused(name, 'is longer than 4,095 bytes');
  return { parent: parts, base };
}

export type Meaning =
  | { kind: 'entry' }
  /** Whatever lower layers have in the parent folder is hidden. */
  | { kind: 'opaque' }
  /** Whatever lower layers have under this name is hidden. */
  | { kind: 'whiteout'; hidden: Buffer }
  /** Bookkeeping of aufs in old images. */
  | { kind: 'ignored' };

/** Throws `invalid-image` for a whiteout of nothing, of `.` or of `..`. */
export function meaningOf(name: Buffer, { parent, base }: EntryPath): Meaning {
  for (const part of [...parent, base]) {
    if (startsWith(part, aufs))
      return part === base && part.equals(opaque) ? { kind: 'opaque' } : { kind: 'ignored' };
    if (!startsWith(part, whiteout)) continue;
    if (part !== base) throw refused(name, 'is below a whiteout');
    const hidden = part.subarray(whiteout.length);
    if (hidden.length === 0 || hidden.equals(dot) || hidden.equals(dots))
      throw refused(name, 'is a whiteout of no name');
    return { kind: 'whiteout', hidden };
  }
  return { kind: 'entry' };
}

/** An `invalid-image` that names the entry. */
export function refused(name: Buffer, why: string): MpkitError {
  return new MpkitError('invalid-image', `archive entry \`${name.subarray(0, 200)}\` ${why}`);
}

/** PATH_MAX without its NUL. */
export const longestPath = 4095;

const dot = Buffer.from('.');
const dots = Buffer.from('..');
const whiteout = Buffer.from('.wh.');
const aufs = Buffer.from('.wh..wh.');
const opaque = Buffer.from('.wh..wh..opq');

function startsWith(name: Buffer, prefix: Buffer): boolean {
  return name.subarray(0, prefix.length).equals(prefix);
}
