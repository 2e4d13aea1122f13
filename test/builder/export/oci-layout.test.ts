import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeOciLayout } from '../../../src/builder/export/oci-layout.ts';
import { assembleImage } from '../../../src/builder/image/assemble.ts';
import { type Blobs, blobPath } from '../../../src/builder/image/blobs.ts';
import { scratchConfig } from '../../../src/builder/image/config.ts';
import { requires } from '../../helpers/requires.ts';
import { makeImage, newStore } from '../image/images.ts';
import { hasSuite, type Kind, needsSuite, violations } from '../image/schemas.ts';
import { isRoot, temporaryFolder } from '../image/workshop.ts';

const skopeo = requires('skopeo');
const umoci = requires('umoci');

describe('writeOciLayout', () => {
  it('puts the manifest of one platform into index.json, once for each tag', async () => {
    const { dest, root } = await exported(['linux/arm64'], { tags: ['app:1', 'app', 'x.org/a:1'] });
    const index = readJson(dest, 'index.json');
    expect(index.manifests.map((entry: { annotations: object }) => entry.annotations)).toEqual([
      names('docker.io/library/app:1', '1'),
      names('docker.io/library/app:latest', 'latest'),
      names('x.org/a:1', '1'),
    ]);
    expect(index.manifests[0]).toMatchObject({
      digest: root.digest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      platform: { os: 'linux', architecture: 'arm64' },
    });
  });

  it('puts several platforms into an index, in their order', async () => {
    const { dest, root } = await exported(['linux/s390x', 'linux/arm/v7', 'linux/amd64']);
    const index = readJson(dest, 'index.json');
    expect(index.manifests).toEqual([
      {
        mediaType: 'application/vnd.oci.image.index.v1+json',
        digest: root.digest,
        size: root.size,
      },
    ]);
    const inner = readJson(dest, `blobs/sha256/${root.digest.slice(7)}`);
    expect(inner.manifests.map((entry: { platform: object }) => entry.platform)).toEqual([
      { os: 'linux', architecture: 's390x' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { os: 'linux', architecture: 'amd64' },
    ]);
  });

  it.skipIf(!hasSuite)(`writes only documents that the schemas take${needsSuite}`, async () => {
    const { dest, blobs } = await exported(['linux/arm64', 'linux/amd64'], {
      epoch: 5,
      tags: ['a'],
    });
    const empty = await assembleImage({
      config: scratchConfig({ os: 'linux', architecture: 'amd64' }),
      layers: [],
      blobs,
    });
    const emptyManifest = JSON.parse(readFileSync(blobPath(blobs, empty.digest), 'utf8'));
    const documents: [Kind, object][] = [
      ['layout', readJson(dest, 'oci-layout')],
      ['index', readJson(dest, 'index.json')],
      ['manifest', emptyManifest],
    ];
    for (const name of readdirSync(join(dest, 'blobs/sha256'))) {
      const content = readFileSync(join(dest, 'blobs/sha256', name));
      if (content[0] !== 0x7b) continue;
      const document = JSON.parse(content.toString());
      documents.push([
        'rootfs' in document ? 'config' : 'manifests' in document ? 'index' : 'manifest',
        document,
      ]);
    }
    expect(documents.length).toBe(3 + 5);
    for (const [kind, document] of documents) expect(violations(kind, document)).toBeUndefined();
  });

  it('writes the same archive twice, in a fixed order and time', async () => {
    const folder = temporaryFolder();
    const [one, two] = [join(folder, 'one.tar'), join(folder, 'two.tar')];
    for (const dest of [one, two]) {
      const blobs = await newStore();
      const images = [await makeImage(blobs, 'linux/arm64'), await makeImage(blobs, 'linux/amd64')];
      await writeOciLayout(dest, { tar: true, images, tags: ['a:1'], blobs, epoch: 77 });
    }
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
    const listed = execFileSync('tar', ['--utc', '-tvf', one]).toString().trim().split('\n');
    expect(listed.every((line) => / 0\/0 .* 1970-01-01 00:01 /.test(line))).toBe(true);
    expect(listed.slice(0, 4).map((line) => line.split(' ').at(-1))).toEqual([
      'oci-layout',
      'index.json',
      'blobs/',
      'blobs/sha256/',
    ]);
    expect(readdirSync(folder)).toEqual(['one.tar', 'two.tar']);
  });

  it('replaces a layout or an empty folder, and nothing else', async () => {
    const { dest, images, blobs } = await exported(['linux/arm64']);
    await writeOciLayout(dest, { tar: false, images, tags: [], blobs });
    writeFileSync(join(dest, 'precious'), '');
    await expect(
      writeOciLayout(dest, { tar: false, images, tags: [], blobs }),
    ).rejects.toMatchObject({
      code: 'invalid-input',
      message: `\`${dest}\` exists and is not an OCI layout`,
    });
    expect(existsSync(join(dest, 'precious'))).toBe(true);
    await expect(
      writeOciLayout(dest, { tar: true, images, tags: [], blobs }),
    ).rejects.toMatchObject({
      code: 'invalid-input',
    });
    expect(readdirSync(join(dest, '..'))).toEqual(['layout']);
  });

  it('replaces a link, which may come with the sources, and writes into a device', async () => {
    const { images, blobs } = await exported(['linux/arm64']);
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'real.tar'), 'old');
    symlinkSync('real.tar', join(folder, 'link.tar'));
    await writeOciLayout(join(folder, 'link.tar'), { tar: true, images, tags: [], blobs });
    expect(readdirSync(folder).sort()).toEqual(['link.tar', 'real.tar']);
    expect(readFileSync(join(folder, 'real.tar'), 'utf8')).toBe('old');
    expect(lstatSync(join(folder, 'link.tar')).isFile()).toBe(true);
    await writeOciLayout('/dev/null', { tar: true, images, tags: [], blobs });
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('leaves nothing behind when a blob is missing or the disk is full', async () => {
    const { images, blobs } = await exported(['linux/arm64']);
    const folder = temporaryFolder();
    const dest = join(folder, 'sub', 'x.tar');
    unlinkSync(blobPath(blobs, images[0]!.layer.digest));
    await expect(
      writeOciLayout(dest, { tar: true, images, tags: [], blobs }),
    ).rejects.toMatchObject({
      code: 'corrupt',
    });
    expect(existsSync(dest)).toBe(false);
    const { images: whole, blobs: store } = await exported(['linux/arm64']);
    await expect(
      writeOciLayout('/dev/full', { tar: true, images: whole, tags: [], blobs: store }),
    ).rejects.toMatchObject({ code: 'disk-full' });
  });

  it('refuses bad tags before it writes', async () => {
    await expect(exported(['linux/arm64'], { tags: ['A'] })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

describe('other tools', () => {
  it.skipIf(!skopeo.ok)(`skopeo copies folder and archive${skopeo.why}`, async () => {
    const { dest, blobs, images } = await exported(['linux/arm64', 'linux/amd64'], {
      tags: ['a:1'],
    });
    const archive = join(temporaryFolder(), 'a.tar');
    await writeOciLayout(archive, { tar: true, images, tags: ['a:1'], blobs });
    for (const source of [`oci:${dest}:1`, `oci-archive:${archive}:1`]) {
      const copy = join(temporaryFolder(), 'copy');
      execFileSync('skopeo', ['copy', '-q', '--insecure-policy', '--all', source, `oci:${copy}:1`]);
      for (const name of readdirSync(join(dest, 'blobs/sha256')))
        expect(existsSync(join(copy, 'blobs/sha256', name))).toBe(true);
    }
    const inspected = execFileSync('skopeo', [
      'inspect',
      '--override-arch=arm64',
      `oci:${dest}:1`,
    ]).toString();
    expect(JSON.parse(inspected)).toMatchObject({ Architecture: 'arm64', Os: 'linux' });
  });

  const canUnpack = umoci.ok && isRoot;
  it.skipIf(!canUnpack)(
    `umoci unpacks the layer${canUnpack ? '' : umoci.why || ' (skipped: only root unpacks with owners)'}`,
    async () => {
      const { dest } = await exported(['linux/amd64'], { tags: ['a:1'] });
      const bundle = join(temporaryFolder(), 'bundle');
      execFileSync('umoci', ['unpack', '--image', `${dest}:1`, bundle]);
      const unpacked = join(bundle, 'rootfs/etc/platform');
      expect(readFileSync(unpacked, 'utf8')).toBe('linux/amd64\n');
      expect(statSync(unpacked).mtimeMs).toBe(1000);
      rmSync(bundle, { recursive: true });
    },
  );
});

async function exported(platforms: string[], more: { tags?: string[]; epoch?: number } = {}) {
  const blobs: Blobs = await newStore();
  const images = [];
  for (const platform of platforms) images.push(await makeImage(blobs, platform));
  const folder = temporaryFolder();
  const dest = join(folder, 'layout');
  mkdirSync(dest);
  const root = await writeOciLayout(dest, { tar: false, images, tags: [], blobs, ...more });
  return { dest, root, blobs, images };
}

function readJson(folder: string, name: string) {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

function names(full: string, tag: string) {
  return { 'io.containerd.image.name': full, 'org.opencontainers.image.ref.name': tag };
}
