/** Layers and documents as other programs write them: what containerd unpacks, mpkit unpacks. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/builder/image/digest.ts';
import { parseConfig, parseIndex, parseManifest } from '../../../src/builder/image/documents.ts';
import { applyLayer } from '../../../src/builder/image/layer-apply.ts';
import { mediaTypes } from '../../../src/builder/image/media-types.ts';
import { unzstd } from '../../../src/builder/image/zstd.ts';
import { requires } from '../../helpers/requires.ts';
import { applyTo, plenty, tarOf, temporaryFolder } from './workshop.ts';

describe('hard links', () => {
  it('may repeat a symbolic link, without following it', async () => {
    const root = temporaryFolder();
    const outside = join(temporaryFolder(), 'outside');
    writeFileSync(outside, '');
    const tar = tarOf([
      { name: 't/x', type: 'symlink', link: outside },
      { name: 't/y', type: 'link', link: 't/x' },
    ]);
    await applyTo(root, tar);
    expect(readlinkSync(join(root, 't/y'))).toBe(outside);
    expect(lstatSync(join(root, 't/y')).nlink).toBe(2);
    expect(statSync(outside).nlink).toBe(1);
  });
});

describe('files with holes', () => {
  const tar = requires('tar');
  const forms = ['pax 1.0', 'pax 0.1', 'pax 0.0', 'gnu'];
  it.skipIf(!tar.ok).each(forms)(`of GNU tar's form %s${tar.why}`, async (form) => {
    const [from, root] = [temporaryFolder(), temporaryFolder()];
    const [format, version] = form.split(' ');
    const file = join(from, 'sparse');
    writeFileSync(file, 'begin');
    for (let at = 1; at < 40; at++) writeAt(file, `part ${at}`, at * 100_000);
    truncateSync(file, 5_000_000);
    writeFileSync(join(from, 'zz'), 'after it');
    const words = [
      '--sparse',
      `--format=${format}`,
      ...(version ? [`--sparse-version=${version}`] : []),
    ];
    const bytes = execFileSync('tar', [...words, '-C', from, '-cf', '-', 'sparse', 'zz']);
    await applyTo(root, bytes);
    expect(readFileSync(join(root, 'sparse')).equals(readFileSync(file))).toBe(true);
    expect(statSync(join(root, 'sparse')).blocks).toBeLessThan(5_000_000 / 512);
    expect(readFileSync(join(root, 'zz'), 'utf8')).toBe('after it');
  });

  it.skipIf(!tar.ok)(`with a map that lies are refused (Z1)${tar.why}`, async () => {
    const from = temporaryFolder();
    writeFileSync(join(from, 'f'), '');
    truncateSync(join(from, 'f'), 1_000_000);
    writeAt(join(from, 'f'), 'end', 1_000_000);
    const bytes = execFileSync('tar', ['--sparse', '--format=pax', '-C', from, '-cf', '-', 'f']);
    for (const [found, other] of [
      ['GNU.sparse.realsize=1000003', 'GNU.sparse.realsize=0000003'],
      ['GNU.sparse.minor=0', 'GNU.sparse.minor=7'],
    ] as const) {
      const changed = Buffer.from(bytes.toString('latin1').replace(found, other), 'latin1');
      expect(changed.equals(bytes)).toBe(false);
      await expect(applyTo(temporaryFolder(), changed)).rejects.toMatchObject({
        code: 'invalid-image',
      });
    }
  });
});

describe('null in a document', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const bytes = (value: object) => Buffer.from(JSON.stringify(value));

  it('means absence wherever a field may be absent', () => {
    const descriptor = { mediaType: mediaTypes.layerGzip, digest, size: 1 };
    const nulls = { urls: null, annotations: null, data: null, platform: null, artifactType: null };
    const manifest = parseManifest(
      bytes({
        ...{ schemaVersion: 2, mediaType: null, annotations: null, subject: null },
        config: { ...descriptor, ...nulls, mediaType: mediaTypes.config },
        layers: [{ ...descriptor, ...nulls }],
      }),
      mediaTypes.manifest,
    );
    expect(manifest.layers).toEqual([descriptor]);
    const config = parseConfig(
      bytes({
        ...{ architecture: 'arm', os: 'linux', variant: null, created: null, author: null },
        rootfs: { type: 'layers', diff_ids: [digest] },
        config: { Env: null, User: null, WorkingDir: null, StopSignal: null, Labels: null },
        history: [{ created: null, created_by: 'x', comment: null, empty_layer: null }],
      }),
    );
    expect(config.history).toEqual([{ created_by: 'x' }]);
    expect(config).not.toHaveProperty('created');
    expect(config).not.toHaveProperty('variant');
    const index = { schemaVersion: 2, mediaType: null, manifests: [], annotations: null };
    expect(parseIndex(bytes(index), mediaTypes.index)).not.toHaveProperty('annotations');
  });

  it('is no value of a field that has to be there', () => {
    const config = { os: 'linux', architecture: null, rootfs: { type: 'layers', diff_ids: [] } };
    expect(() => parseConfig(bytes(config))).toThrow('architecture');
  });
});

describe('zstd', () => {
  const zstd = requires('zstd');
  const compress = (content: Buffer, ...words: string[]) =>
    execFileSync('zstd', ['-q', '-c', ...words], { input: content, maxBuffer: 1 << 30 });
  const skippable = Buffer.concat([
    Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]),
    Buffer.from('abc'),
  ]);

  it.skipIf(!zstd.ok)(`unpacks frames of any level, and what lies between${zstd.why}`, async () => {
    const text = Buffer.from(
      Array.from({ length: 60_000 }, (_, at) => `line ${at * 7}`).join('\n'),
    );
    for (const words of [['-1'], ['-19'], ['--check', '-3'], ['--no-check', '-9']])
      expect(await unpacked(compress(text, ...words))).toEqual(text);
    const empty = compress(Buffer.alloc(0));
    const parts = [
      skippable,
      compress(text),
      empty,
      skippable,
      compress(Buffer.from('x')),
      skippable,
    ];
    expect(await unpacked(Buffer.concat(parts))).toEqual(Buffer.concat([text, Buffer.from('x')]));
  });

  it.skipIf(!zstd.ok)(`serves as a base's layer${zstd.why}`, async () => {
    const tar = tarOf([{ name: 'z', content: 'zstd' }]);
    const [root, blob] = [temporaryFolder(), join(temporaryFolder(), 'blob')];
    writeFileSync(blob, compress(tar));
    const rootFd = openSync(root, 'r');
    try {
      const options = { blob, rootFd, most: plenty, mediaType: mediaTypes.layerZstd };
      await applyLayer({ ...options, expectedDiffId: digestOf(tar) });
      writeFileSync(blob, compress(tar).subarray(0, 60));
      await expect(applyLayer({ ...options, expectedDiffId: digestOf(tar) })).rejects.toMatchObject(
        {
          code: 'invalid-image',
        },
      );
    } finally {
      closeSync(rootFd);
    }
    expect(readFileSync(join(root, 'z'), 'utf8')).toBe('zstd');
  });

  it('holds one window and one block, whatever a frame says (Z1)', async () => {
    const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
    const gigabytes = Buffer.concat([magic, Buffer.from([0x00, 21 << 3, 1, 0, 0])]);
    await expect(unpacked(gigabytes)).rejects.toThrow('a zstd window of');
    await expect(unpacked(Buffer.concat([magic, Buffer.alloc(2)]))).rejects.toThrow();
    await expect(unpacked(Buffer.from('no zstd at all'))).rejects.toThrow('not zstd');
    // blocks of one repeated byte: 4 bytes for 128 KiB
    const blocks = Array<Buffer>(5000).fill(Buffer.from([2, 0x00, 0x10, 0x41]));
    const last = Buffer.from([3, 0x00, 0x10, 0x41]);
    const bomb = Buffer.concat([magic, Buffer.from([0x00, 7 << 3]), ...blocks, last]);
    let most = 0;
    let total = 0;
    for await (const chunk of unzstd(chunks(bomb))) {
      most = Math.max(most, chunk.length);
      total += chunk.length;
    }
    expect(total).toBe(5001 * 128 * 1024);
    expect(most).toBeLessThanOrEqual(256 * 1024);
  });
});

function writeAt(file: string, text: string, at: number): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, text, at);
  closeSync(fd);
}

async function* chunks(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 1000) yield content.subarray(at, at + 1000);
}

async function unpacked(content: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of unzstd(chunks(content))) parts.push(part);
  return Buffer.concat(parts);
}
