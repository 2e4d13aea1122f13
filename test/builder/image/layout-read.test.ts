import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeOciLayout } from '../../../src/builder/export/oci-layout.ts';
import { digestOf } from '../../../src/builder/image/digest.ts';
import { parseImageSource, parseLayoutUrl } from '../../../src/builder/image/image-source.ts';
import { formatDocument } from '../../../src/builder/image/json.ts';
import {
  importLayoutBlob,
  openArchive,
  openLayout,
} from '../../../src/builder/image/layout-read.ts';
import { resolveImage } from '../../../src/builder/image/layout-resolve.ts';
import { openStored } from '../../../src/builder/image/layout-stored.ts';
import { mediaTypes } from '../../../src/builder/image/media-types.ts';
import { formatPlatform, parsePlatform } from '../../../src/platform.ts';
import { canary } from '../../helpers/canary.ts';
import { makeImage, newStore } from './images.ts';
import { temporaryFolder } from './workshop.ts';

const bird = canary();
afterAll(() => {
  expect(bird.changes()).toEqual([]);
  bird.remove();
});

describe('parseLayoutUrl', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  it.each([
    ['oci-layout://dir', { folder: 'dir' }],
    ['oci-layout:///a/b:c', { folder: '/a/b', reference: 'c' }],
    ['oci-layout:///a:b/c', { folder: '/a:b/c' }],
    [`oci-layout://../x@${digest}`, { folder: '../x', reference: digest }],
  ])('%s', (url, expected) => expect(parseLayoutUrl(url)).toEqual(expected));

  it.each([
    'oci-layout://',
    'oci-layout://d:',
    'oci-layout://d:-x',
    'dir',
    `oci-layout://d@sha256:x`,
  ])('refuses %s', (url) =>
    expect(() => parseLayoutUrl(url)).toThrow(/invalid (layout|tag|digest)/),
  );
});

describe('parseImageSource', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  it.each([
    ['oci-layout:///a:b', { kind: 'folder', path: '/a', reference: 'b' }],
    ['oci:a/b', { kind: 'folder', path: 'a/b' }],
    ['oci-archive:./a.tar', { kind: 'archive', path: './a.tar' }],
    ['oci-archive:/a.tar:v1', { kind: 'archive', path: '/a.tar', reference: 'v1' }],
    [digest, { kind: 'stored', digest }],
    ['busybox', undefined],
    ['docker.io/busybox', undefined],
  ])('%s', (text, expected) => expect(parseImageSource(text)).toEqual(expected));

  it.each(['oci-archive:', 'oci:', 'oci-archive:a:-x'])('refuses %s', (text) =>
    expect(() => parseImageSource(text)).toThrow(/invalid (image|tag)/),
  );
});

describe('openLayout and resolveImage', () => {
  it('pick by tag and platform, and give what was written', async () => {
    const { folder } = await layoutOf(
      ['linux/arm64', 'linux/arm/v7', 'linux/amd64'],
      ['a:1', 'a:2'],
    );
    const layout = await openLayout(folder, '2');
    for (const platform of ['linux/arm64', 'linux/arm/v7', 'linux/amd64']) {
      const image = await resolveImage(layout, parsePlatform(platform));
      expect(formatPlatform(image.platform)).toBe(platform);
      expect(image.config.config?.Cmd).toEqual(['/bin/sh']);
      const blobs = await newStore();
      await importLayoutBlob(layout, image.manifest.layers[0]!, blobs);
      expect(readdirSync(blobs.folder)).toEqual([image.manifest.layers[0]!.digest.slice(7)]);
    }
  });

  it('take lower variants and 32-bit images where there is nothing better', async () => {
    const { folder } = await layoutOf(['linux/arm/v6', 'linux/arm/v7', 'linux/386']);
    const layout = await openLayout(folder);
    const found = async (wanted: string) =>
      formatPlatform((await resolveImage(layout, parsePlatform(wanted))).platform);
    expect(await found('linux/arm64')).toBe('linux/arm/v7');
    expect(await found('linux/arm/v6')).toBe('linux/arm/v6');
    expect(await found('linux/amd64')).toBe('linux/386');
  });

  it('say what exists when nothing matches (E6), also for a plain manifest', async () => {
    const { folder } = await layoutOf(['linux/arm64', 'linux/amd64']);
    await expect(
      resolveImage(await openLayout(folder), parsePlatform('linux/s390x')),
    ).rejects.toMatchObject({
      code: 'no-platform',
      message: `\`${folder}\` has no image for linux/s390x`,
      hint: 'it has linux/arm64, linux/amd64',
    });
    const plain = await layoutOf(['linux/arm64']);
    await expect(
      resolveImage(await openLayout(plain.folder), parsePlatform('linux/amd64')),
    ).rejects.toMatchObject({ code: 'no-platform' });
  });

  it('pass over attestations (E4)', async () => {
    const { folder, images } = await layoutOf(['linux/amd64']);
    const real = { ...images[0]!.manifest, platform: undefined };
    rewriteIndex(folder, [
      { ...real, platform: { os: 'unknown', architecture: 'unknown' } },
      {
        ...real,
        platform: { os: 'linux', architecture: 'amd64' },
        annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      },
    ]);
    await expect(
      resolveImage(await openLayout(folder), parsePlatform('linux/amd64')),
    ).rejects.toMatchObject({ code: 'no-platform', hint: 'it has no images' });
  });

  it('name the tags that exist', async () => {
    const { folder } = await layoutOf(['linux/amd64'], ['a:1', 'b:2']);
    await expect(openLayout(folder, '3')).rejects.toMatchObject({
      code: 'not-found',
      hint: 'it has `1`, `2`',
    });
  });

  it.each([
    ['blob', 'is a link'],
    ['index.json', 'is a link'],
    ['blobs', 'is missing'],
  ])('refuse %s as a link to the host (R8)', async (what, message) => {
    const { folder, images } = await layoutOf(['linux/amd64']);
    const path = join(folder, what === 'blob' ? blobOf(images[0]!.manifest) : what);
    rmSync(path, { recursive: true });
    symlinkSync(join(bird.folder, 'secret'), path);
    const attempt = async () =>
      resolveImage(await openLayout(folder), parsePlatform('linux/amd64'));
    await expect(attempt()).rejects.toThrow(message);
  });

  it('hash every blob again', async () => {
    const { folder, images } = await layoutOf(['linux/amd64']);
    const { layer, manifest } = images[0]!;
    const bytes = readFileSync(join(folder, blobOf(layer)));
    bytes[50]! ^= 1;
    writeFileSync(join(folder, blobOf(layer)), bytes);
    const blobs = await newStore();
    const layout = await openLayout(folder);
    await expect(importLayoutBlob(layout, layer, blobs)).rejects.toMatchObject({
      code: 'invalid-image',
    });
    expect(readdirSync(blobs.folder)).toEqual([]);
    writeFileSync(
      join(folder, blobOf(manifest)),
      readFileSync(join(folder, blobOf(manifest)), 'utf8').replace('layers', 'lasers'),
    );
    await expect(resolveImage(layout, parsePlatform('linux/amd64'))).rejects.toThrow('other bytes');
  });

  it('stop at indexes nested too deep (Z2)', async () => {
    const { folder, images } = await layoutOf(['linux/amd64']);
    let entry: object = images[0]!.manifest;
    for (let depth = 0; depth < 6; depth++) entry = addIndex(folder, [entry]);
    rewriteIndex(folder, [entry]);
    await expect(
      resolveImage(await openLayout(folder), parsePlatform('linux/amd64')),
    ).rejects.toThrow('too many nested indexes');
  });

  it('refuse another version and a folder that is no layout', async () => {
    const { folder } = await layoutOf(['linux/amd64']);
    writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
    await expect(openLayout(folder)).rejects.toMatchObject({ code: 'invalid-image' });
    await expect(openLayout(temporaryFolder())).rejects.toMatchObject({ code: 'not-found' });
    await expect(openLayout('/nonexistent')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('openArchive', () => {
  const read = async (path: string, reference?: string) => {
    const layout = await openArchive(path, reference);
    const image = await resolveImage(layout, parsePlatform('linux/arm64'));
    const blobs = await newStore();
    for (const layer of image.manifest.layers) await importLayoutBlob(layout, layer, blobs);
    return { image, stored: readdirSync(blobs.folder) };
  };
  const packed = async (...words: string[]) => {
    const { folder } = await layoutOf(['linux/amd64', 'linux/arm64'], ['a:1']);
    const path = join(temporaryFolder(), 'image.tar');
    execFileSync('tar', ['-cf', path, '-C', folder, ...words]);
    return { folder, path };
  };

  it('reads what an output wrote, and what tar makes of a folder', async () => {
    const blobs = await newStore();
    const images = [await makeImage(blobs, 'linux/arm64')];
    const written = join(temporaryFolder(), 'written.tar');
    await writeOciLayout(written, { tar: true, images, tags: ['a:1'], blobs });
    const { path } = await packed('.');
    for (const archive of [written, path]) {
      const { image, stored } = await read(archive, '1');
      expect(formatPlatform(image.platform)).toBe('linux/arm64');
      expect(stored).toEqual(image.manifest.layers.map(({ digest }) => digest.slice(7)));
    }
    await expect(read(path, '2')).rejects.toMatchObject({ hint: 'it has `1`' });
  });

  it('checks the bytes of documents and layers', async () => {
    const { path } = await packed('.');
    const { image } = await read(path);
    for (const { digest } of [image.descriptor, image.manifest.layers[0]!]) {
      const bytes = readFileSync(path);
      // the first block behind the header that carries the name
      bytes[bytes.indexOf(digest.slice(7)) + 512]! ^= 1;
      const spoiled = join(temporaryFolder(), 'spoiled.tar');
      writeFileSync(spoiled, bytes);
      await expect(read(spoiled)).rejects.toMatchObject({ code: 'invalid-image' });
    }
  });

  it('refuses what is cut off, is two things at once, or is no layout', async () => {
    const { folder, path } = await packed('.');
    const cut = join(temporaryFolder(), 'cut.tar');
    writeFileSync(cut, readFileSync(path).subarray(0, 2000));
    await expect(read(cut)).rejects.toMatchObject({ code: 'invalid-image' });
    const twice = join(temporaryFolder(), 'twice.tar');
    execFileSync('tar', ['-cf', twice, '-C', folder, 'index.json', '.']);
    await expect(read(twice)).rejects.toThrow('has `index.json` twice');
    const link = join(temporaryFolder(), 'link.tar');
    rmSync(join(folder, 'index.json'));
    symlinkSync('/etc/passwd', join(folder, 'index.json'));
    execFileSync('tar', ['-cf', link, '-C', folder, '.']);
    await expect(read(link)).rejects.toThrow('`index.json` is missing');
    const { path: blobsOnly } = await packed('blobs');
    await expect(read(blobsOnly)).rejects.toMatchObject({ code: 'not-found' });
    await expect(read(folder)).rejects.toMatchObject({ code: 'invalid-image' });
    await expect(read('/nonexistent')).rejects.toMatchObject({ code: 'io' });
    const noise = join(temporaryFolder(), 'noise');
    writeFileSync(noise, 'x'.repeat(2000));
    await expect(read(noise)).rejects.toMatchObject({ code: 'invalid-image' });
  });
});

it('openStored finds one image of the store, and none that is gone', async () => {
  const blobs = await newStore();
  const { manifest, layer } = await makeImage(blobs, 'linux/arm64');
  const found = await resolveImage(
    await openStored(blobs, manifest.digest),
    parsePlatform('linux/arm64'),
  );
  expect(found.manifest.layers.map(({ digest }) => digest)).toEqual([layer.digest]);
  await expect(openStored(blobs, digestOf(Buffer.from('x')))).rejects.toMatchObject({
    code: 'not-found',
  });
  await expect(openStored(blobs, layer.digest)).rejects.toMatchObject({ code: 'invalid-image' });
});

async function layoutOf(platforms: string[], tags: string[] = []) {
  const blobs = await newStore();
  const images = [];
  for (const platform of platforms) images.push(await makeImage(blobs, platform));
  const folder = join(temporaryFolder(), 'layout');
  await writeOciLayout(folder, { tar: false, images, tags, blobs });
  return { folder, images };
}

function blobOf({ digest }: { digest: string }): string {
  return `blobs/sha256/${digest.slice(7)}`;
}

function rewriteIndex(folder: string, manifests: object[]): void {
  writeFileSync(join(folder, 'index.json'), formatDocument({ schemaVersion: 2, manifests }));
}

function addIndex(folder: string, manifests: object[]): object {
  const content = formatDocument({ schemaVersion: 2, manifests });
  const descriptor = {
    mediaType: mediaTypes.index,
    digest: digestOf(content),
    size: content.length,
  };
  writeFileSync(join(folder, blobOf(descriptor)), content);
  return descriptor;
}
