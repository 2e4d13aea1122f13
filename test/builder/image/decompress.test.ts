import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { brokenPacking, decompress } from '../../../src/builder/image/decompress.ts';

describe('brokenPacking', () => {
  it('says that gzip ends too early, in words', async () => {
    const packed = gzipSync(randomBytes(10_000)).subarray(0, 5_000);
    const error = await drain(decompress(Readable.from([packed]), 'gzip')).catch((e) => e);
    expect(brokenPacking(error)).toBe('it ends too early');
  });
});

async function drain(source: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of source);
}
