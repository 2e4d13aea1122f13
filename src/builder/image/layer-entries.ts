/**
 * Walks a snapshot's upper folder and says, in order, what its layer holds: the folder's own form
 * (overlayfs: char 0:0, `user.overlay.opaque`) becomes that of image-spec, layer.md.
 */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { type Folder, joinBytes, openFolder } from '../../deep-path.ts';
import { MpkitError } from '../../errors.ts';
import type { TarEntry, TarType } from './tar-header.ts';
import { isOpaque, layerXattrs } from './xattrs.ts';

export interface LayerItem {
  entry: TarEntry;
  /** Where a file's bytes are; valid until the next item is asked for. */
  content?: Buffer;
}

/**
 * Parents come before children and names in the order of their bytes, so that the same folder
 * always gives the same layer; a hard link follows the first of its names. The folder itself has
 * no entry. Times later than `epoch` (seconds) are lowered to it.
 */
export function* layerEntries(folder: string, epoch?: number): Generator<LayerItem> {
  const top = Buffer.from(folder);
  const links: Links = new Map();
  const open: OpenFolder[] = [];
  try {
    if (isOpaque(top)) yield opaqueMark(Buffer.alloc(0), timeOf(lstatSync(top, bigint), epoch));
    open.push(listFolder(top, Buffer.alloc(0)));
    while (open.length > 0) {
      const current = open.at(-1)!;
      const child = current.children.pop();
      if (child === undefined) {
        open.pop()!.folder.close();
        continue;
      }
      const path = joinBytes(current.folder.path, child);
      const name = joinBytes(current.name, child);
      const item = describe(path, name, child, links, epoch);
      if (!item) continue;
      yield item;
      if (item.entry.type !== 'directory') continue;
      if (isOpaque(path)) yield opaqueMark(name, item.entry.mtime);
      open.push(listFolder(path, name));
    }
  } finally {
    for (const { folder: each } of open) each.close();
  }
}

interface OpenFolder {
  folder: Folder;
  name: Buffer;
  /** The last comes first. */
  children: Buffer[];
}

/** First name of each file that has several, by device and inode. */
type Links = Map<string, Buffer>;

type Stats = ReturnType<typeof statsOf>;

const bigint = { bigint: true } as const;

function statsOf(path: Buffer) {
  return lstatSync(path, bigint);
}

function listFolder(path: Buffer, name: Buffer): OpenFolder {
  const folder = openFolder(path);
  const children = readdirSync(folder.path, { encoding: 'buffer' });
  return { folder, name, children: children.sort(Buffer.compare).reverse() };
}

function describe(
  path: Buffer,
  name: Buffer,
  base: Buffer,
  links: Links,
  epoch: number | undefined,
): LayerItem | undefined {
  const stats = statsOf(path);
  if (stats.isSocket()) return undefined;
  const mtime = timeOf(stats, epoch);
  if (base.subarray(0, whiteoutPrefix.length).equals(whiteoutPrefix))
    throw new MpkitError(
      'invalid-image',
      `\`/${name}\` cannot be part of an image: a name that begins with \`.wh.\` marks a removal`,
    );
  if (stats.isCharacterDevice() && stats.rdev === 0n) return whiteout(name, base, mtime);
  const common = {
    name,
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: 0,
    mtime,
  };
  if (stats.isFile() && stats.nlink > 1n) {
    const identity = `${stats.dev}:${stats.ino}`;
    const first = links.get(identity);
    if (first) return { entry: { ...common, type: 'link', linkName: first } };
    links.set(identity, name);
  }
  return withKind(path, stats, common);
}

function withKind(
  path: Buffer,
  stats: Stats,
  common: Omit<TarEntry, 'type'>,
): LayerItem | undefined {
  const xattrs = layerXattrs(path);
  const entry = (type: TarType, more: Partial<TarEntry> = {}): TarEntry => ({
    ...common,
    ...(xattrs && { xattrs }),
    ...more,
    type,
  });
  if (stats.isFile()) return { entry: entry('file', { size: Number(stats.size) }), content: path };
  if (stats.isDirectory()) return { entry: entry('directory') };
  if (stats.isSymbolicLink())
    return { entry: entry('symlink', { linkName: readlinkSync(path, { encoding: 'buffer' }) }) };
  if (stats.isFIFO()) return { entry: entry('fifo') };
  const device = { major: major(stats.rdev), minor: minor(stats.rdev) };
  return { entry: entry(stats.isBlockDevice() ? 'block-device' : 'character-device', { device }) };
}

const whiteoutPrefix = Buffer.from('.wh.');

function whiteout(name: Buffer, base: Buffer, mtime: number): LayerItem {
  const parent = name.subarray(0, name.length - base.length);
  return mark(Buffer.concat([parent, whiteoutPrefix, base]), mtime);
}

function opaqueMark(folder: Buffer, mtime: number): LayerItem {
  return mark(joinBytes(folder, Buffer.from('.wh..wh..opq')), mtime);
}

/** Empty files; who made them and with which mode means nothing. */
function mark(name: Buffer, mtime: number): LayerItem {
  return { entry: { name, type: 'file', mode: 0, uid: 0, gid: 0, size: 0, mtime } };
}

function timeOf(stats: Stats, epoch: number | undefined): number {
  const nanoseconds = 1_000_000_000n;
  const whole = stats.mtimeNs / nanoseconds;
  const floor = Number(stats.mtimeNs % nanoseconds < 0n ? whole - 1n : whole);
  const seconds = Math.max(-farthest, Math.min(floor, farthest));
  return epoch === undefined ? seconds : Math.min(seconds, epoch);
}

/** Twelve digits, as many as readers of PAX records take: some 30,000 years. */
const farthest = 999_999_999_999;

// makedev(3): 12 bits of the major and 8 of the minor are lowest, the rest of both above
function major(device: bigint): number {
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n));
}

function minor(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
}
