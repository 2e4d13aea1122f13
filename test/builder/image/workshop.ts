/** Folders, layers and roots for the tests of images; everything is real. */
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { digestOf } from '../../../src/builder/image/digest.ts';
import { applyLayer } from '../../../src/builder/image/layer-apply.ts';
import { mediaTypes } from '../../../src/builder/image/media-types.ts';
import {
  encodeHeader,
  endOfArchive,
  padding,
  type TarEntry,
} from '../../../src/builder/image/tar-header.ts';
import { detachedOverlay } from '../../../src/overlay.ts';
import { removeTree } from '../../../src/remove-tree.ts';

export const isRoot = process.getuid?.() === 0;
export const needsRoot = isRoot ? '' : ' (skipped: only root can mount an overlay)';

/** Removed when the file's tests are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mpkit-image-'));
  folders.push(folder);
  return folder;
}

/** To unpack to. */
export const plenty = { data: 2 ** 30, empty: 2 ** 30 };

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) if (existsSync(folder)) removeTree(Buffer.from(folder));
});

export type Spec = Partial<Omit<TarEntry, 'name' | 'linkName'>> & {
  name: string | Buffer;
  link?: string | Buffer;
  content?: string | Buffer;
};

/** An archive with these members; types, modes and owners have dull defaults. */
export function tarOf(specs: Spec[]): Buffer {
  const parts = specs.flatMap(({ link, content = '', ...spec }) => {
    const bytes = Buffer.from(content);
    const entry: TarEntry = {
      type: 'file',
      mode: spec.type === 'directory' ? 0o755 : 0o644,
      uid: process.getuid!(),
      gid: process.getgid!(),
      mtime: 1_000_000_000,
      size: bytes.length,
      ...spec,
      name: Buffer.from(spec.name),
      ...(link !== undefined && { linkName: Buffer.from(link) }),
    };
    return [encodeHeader(entry), bytes, padding(bytes.length)];
  });
  return Buffer.concat([...parts, endOfArchive]);
}

/** Unpacks `tar` into the folder `root`, which is not an overlay. */
export async function applyTo(root: string, tar: Buffer, diffId = digestOf(tar)): Promise<void> {
  const blob = join(temporaryFolder(), 'layer');
  writeFileSync(blob, tar);
  const rootFd = openSync(root, 'r');
  try {
    await applyLayer({
      blob,
      most: plenty,
      mediaType: mediaTypes.layer,
      rootFd,
      expectedDiffId: diffId,
    });
  } finally {
    closeSync(rootFd);
  }
}

export interface Stack {
  upper: string;
  rootFd: number;
  /** The merged view. */
  merged: string;
}

/** An overlay of `lower` (topmost first) with a new upper folder; needs root. */
export function stackOn(...lower: string[]): Stack {
  const folder = temporaryFolder();
  const upper = join(folder, 'upper');
  for (const name of ['upper', 'work', 'empty']) mkdirSync(join(folder, name));
  const layers = lower.length > 0 ? lower : [join(folder, 'empty')];
  const rootFd = detachedOverlay({
    lower: layers,
    upper: { folder: upper, work: join(folder, 'work') },
  });
  return { upper, rootFd, merged: `/proc/self/fd/${rootFd}` };
}
