import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  blobPath,
  hasBlob,
  openBlobs,
  putBlob,
  readBlob,
  verifyBlob,
} from '../../../src/builder/image/blobs.ts';
import { type Digest, digestOf } from '../../../src/builder/image/digest.ts';
import { gzip } from '../../../src/builder/image/gzip.ts';
import { temporaryFolder } from './workshop.ts';

const hello = Buffer.from('hello');

describe('blobs', () => {
  it('stores by digest, and finds again', async () => {
    const blobs = await openBlobs(temporaryFolder(), temporaryFolder());
    const stored = await putBlob(blobs, hello);
    expect(stored).toEqual({ digest: digestOf(hello), size: 5 });
    expect(blobPath(blobs, stored.digest)).toBe(join(blobs.folder, stored.digest.slice(7)));
    expect(await hasBlob(blobs, stored)).toBe(true);
    expect(await hasBlob(blobs, { ...stored, size: 6 })).toBe(false);
    expect(await readBlob(blobs, stored.digest)).toEqual(hello);
  });

  it('keeps nothing of bytes that were not expected, or of a source that fails', async () => {
    const blobs = await openBlobs(temporaryFolder(), temporaryFolder());
    const expected = { digest: digestOf(hello), size: 5 };
    await expect(putBlob(blobs, Buffer.from('hullo'), expected)).rejects.toThrow('found');
    async function* endless() {
      for (;;) yield hello;
    }
    await expect(putBlob(blobs, endless(), expected)).rejects.toThrow('more than its 5 bytes');
    expect(readdirSync(blobs.folder)).toEqual([]);
    expect(readdirSync(blobs.temporary)).toEqual([]);
  });

  it('notices changed bytes and follows no link', async () => {
    const blobs = await openBlobs(temporaryFolder(), temporaryFolder());
    const { digest } = await putBlob(blobs, hello);
    await verifyBlob(blobs, digest);
    writeFileSync(blobPath(blobs, digest), 'hullo');
    await expect(verifyBlob(blobs, digest)).rejects.toMatchObject({ code: 'corrupt' });
    expect(await hasBlob(blobs, { digest })).toBe(false);
    writeFileSync(blobPath(blobs, digest), 'hullo');
    await expect(readBlob(blobs, digest)).rejects.toMatchObject({ code: 'corrupt' });
    expect(await hasBlob(blobs, { digest })).toBe(false);
    writeFileSync(blobPath(blobs, digest), 'hullo');
    await putBlob(blobs, hello);
    expect(await readBlob(blobs, digest)).toEqual(hello);
    const other = digestOf(Buffer.from('other'));
    symlinkSync('/etc/passwd', blobPath(blobs, other));
    await expect(readBlob(blobs, other)).rejects.toMatchObject({ code: 'io' });
  });

  it('takes no path for a digest', async () => {
    const blobs = await openBlobs(temporaryFolder(), temporaryFolder());
    expect(() => blobPath(blobs, 'sha256:../../x' as Digest)).toThrow('invalid digest');
  });
});

describe('gzip', () => {
  it.each([0, 1, 511, 512 * 1024, 3_000_000])('unpacks to the same %d bytes', async (size) => {
    const content = Buffer.alloc(size, readFileSync('/proc/self/exe').subarray(0, 700_000));
    const whole = Buffer.concat(await collect(gzip([content], 6)));
    expect(gunzipSync(whole).equals(content)).toBe(true);
  });

  it('does not depend on where the chunks end', async () => {
    const content = Buffer.alloc(2_000_000, 'layer');
    const pieces = [
      content.subarray(0, 7),
      content.subarray(7, 900_000),
      content.subarray(900_000),
    ];
    const [one, many] = await Promise.all(
      [[content], pieces].map((chunks) => collect(gzip(chunks, 4))),
    );
    expect(Buffer.concat(one!).equals(Buffer.concat(many!))).toBe(true);
  });
});

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}
