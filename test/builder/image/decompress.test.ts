/** What is said of packed bytes that are not whole. */
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { brokenPacking, decompress } from '../../../src/builder/image/decompress.ts';
import type { Compression } from '../../../src/builder/image/media-types.ts';
import { requires } from '../../helpers/requires.ts';

const zstd = requires('zstd');
const content = Buffer.from(Array.from({ length: 5000 }, (_, n) => `${n * n}\n`).join(''));

async function wordsFor(packed: Buffer, compression: Compression): Promise<string | undefined> {
  async function* source() {
    yield packed;
  }
  try {
    for await (const _ of decompress(source(), compression));
    return undefined;
  } catch (error) {
    return brokenPacking(error);
  }
}

describe.each([
  ['gzip' as const, true, () => gzipSync(content)],
  ['zstd' as const, zstd.ok, () => execFileSync('zstd', ['-qc'], { input: content })],
])('%s', (compression, isHere, pack) => {
  it.skipIf(!isHere)('that ends too early is called so, wherever it ends', async () => {
    const packed = pack();
    expect(await wordsFor(packed, compression)).toBeUndefined();
    for (const length of [5, 12, 100, packed.length >> 1, packed.length - 9, packed.length - 1])
      expect(await wordsFor(packed.subarray(0, length), compression), `${length} bytes`).toBe(
        'it ends too early',
      );
  });

  it.skipIf(!isHere)('that is damaged is not called a code', async () => {
    const packed = pack();
    packed.fill(0xff, 20, 60);
    expect(await wordsFor(packed, compression)).toMatch(/^[a-z].* /);
  });
});
