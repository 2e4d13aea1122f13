/** What the writer makes the reader takes, up to the last byte; what no reader takes is not written. */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { assembleImage } from '../../../src/builder/image/assemble.ts';
import { type Blobs, blobPath, openBlobs } from '../../../src/builder/image/blobs.ts';
import { scratchConfig } from '../../../src/builder/image/config.ts';
import { applyLayer } from '../../../src/builder/image/layer-apply.ts';
import type { LayerItem } from '../../../src/builder/image/layer-entries.ts';
import { readableItems } from '../../../src/builder/image/layer-readable.ts';
import { hashLayer, type Layer, writeLayer } from '../../../src/builder/image/layer-write.ts';
import { encodeHeader, endOfArchive } from '../../../src/builder/image/tar-header.ts';
import { readTar } from '../../../src/builder/image/tar-read.ts';
import { listXattrs, setTimes, setXattr } from '../../../src/libc.ts';
import { parsePlatform } from '../../../src/platform.ts';
import { isRoot, needsRoot, plenty, stackOn, temporaryFolder } from './workshop.ts';

describe.skipIf(!isRoot)(`what is written is read${needsRoot}`, () => {
  it.each([
    ['file', 4095],
    ['folder', 4094],
  ] as const)('a %s whose path has %d bytes', async (kind, length) => {
    await comesBackEqual(deepTree(kind, length));
  });

  it('attributes whose names are no UTF-8', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const name of ['user.\xe9', 'user.\xff', 'user.\xfe\n']) setXattr(file, name, bytes);
    const { upper } = await comesBackEqual(folder);
    expect(listXattrs(join(upper, 'file'))).toEqual(['user.\xe9', 'user.\xfe\n', 'user.\xff']);
  });

  it.skipIf(!existsSync('/dev/shm'))('times that have more digits than others read', async () => {
    const folder = mkdtempSync('/dev/shm/mpkit-image-');
    afterAll(() => rmSync(folder, { recursive: true }));
    for (const [name, seconds] of [
      ['early', -1e15],
      ['late', 1e15],
    ] as const) {
      writeFileSync(join(folder, name), '');
      setTimes(join(folder, name), seconds);
    }
    await apply(await written(folder));
  });
});

describe('what nobody could read is not written', () => {
  it.each([
    ['file', 4096],
    ['folder', 4095],
  ] as const)('a %s whose path has %d bytes', async (kind, length) => {
    const folder = deepTree(kind, length);
    await expect(written(folder)).rejects.toMatchObject({
      code: 'invalid-image',
      message: expect.stringMatching(
        /^`\/n{200}\.\.\.` cannot be part of an image: its path has 4096 bytes, .* at most 4095$/,
      ),
    });
    // of a stage that is no image
    expect((await hashLayer(folder)).diffId).toMatch(/^sha256:/);
  });

  it('attributes of more than 1 MiB, which some file systems hold', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `user.${at}`);
    const of = (size: number) => [item({ xattrs: new Map(names.map((n) => [n, zeros(size)])) })];
    expect([...readableItems(of(52_000))]).toHaveLength(1);
    expect(await readBack(of(52_000))).toBe(1);
    expect(() => [...readableItems(of(53_000))]).toThrow(
      /`\/file` cannot be part of an image: its/,
    );
    await expect(readBack(of(53_000))).rejects.toThrow('an extended header of');
  });

  it('more files than one layer is read with', () => {
    function* many(count: number) {
      for (; count > 0; count--) yield item({});
    }
    let seen = 0;
    for (const _ of readableItems(many(1_999_999))) seen++;
    expect(seen).toBe(1_999_999);
    expect(() => {
      for (const _ of readableItems(many(2_000_000)));
    }).toThrow('one layer cannot have more than 2000000 files');
  });

  it('a config of more than 4 MiB', async () => {
    const blobs = await store();
    const config = scratchConfig(parsePlatform('linux/amd64'));
    const assembled = assembleImage({
      ...{ config: { ...config, author: 'a'.repeat(2 ** 22) }, layers: [], blobs },
    });
    await expect(assembled).rejects.toMatchObject({
      code: 'invalid-image',
      message: expect.stringMatching(/^the image's config would have \d+ bytes, and 4194304 are/),
    });
  });
});

const bytes = Buffer.from([0, 255, 10]);
const zeros = (size: number) => Buffer.alloc(size);

/** One file or folder, so deep that its path has `length` bytes; no path on this host reaches it. */
function deepTree(kind: 'file' | 'folder', length: number): string {
  const folder = temporaryFolder();
  const last = 'l'.repeat(((length - 1) % 201) + 1);
  const depth = (length - last.length) / 201;
  const make = kind === 'file' ? '>' : 'mkdir ';
  const script = `n=${'n'.repeat(200)}; for at in $(seq ${depth}); do mkdir $n; cd $n; done; ${make}${last}`;
  execFileSync('sh', ['-c', script], { cwd: folder });
  return folder;
}

let blobs: Blobs | undefined;

async function store(): Promise<Blobs> {
  blobs ??= await openBlobs(temporaryFolder(), temporaryFolder());
  return blobs;
}

async function written(folder: string): Promise<Layer> {
  return writeLayer(folder, { blobs: await store() });
}

async function apply({ digest, mediaType, diffId }: Layer) {
  const { rootFd, upper } = stackOn();
  const blob = blobPath(await store(), digest);
  await applyLayer({ blob, mediaType, most: plenty, rootFd, expectedDiffId: diffId });
  closeSync(rootFd);
  return { upper };
}

async function comesBackEqual(folder: string) {
  const layer = await written(folder);
  const { upper } = await apply(layer);
  expect((await hashLayer(upper)).diffId).toBe(layer.diffId);
  return { upper };
}

function item(more: Partial<LayerItem['entry']>): LayerItem {
  const numbers = { mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 };
  return { entry: { name: Buffer.from('file'), type: 'file', ...numbers, ...more } };
}

async function readBack(items: LayerItem[]): Promise<number> {
  const archive = [...items.map(({ entry }) => encodeHeader(entry)), endOfArchive];
  async function* source() {
    yield* archive;
  }
  let count = 0;
  for await (const _ of readTar(source())) count++;
  return count;
}
