import { describe, expect, it } from 'vitest';
import { dataCounter, dataRuns } from '../../../src/builder/image/zeros.ts';

const block = 4096;

/** What the runs of a whole file take of a disk. */
function onDisk(chunks: Buffer[]): number {
  const blocks = new Set<number>();
  let at = 0;
  for (const chunk of chunks) {
    for (const { offset, bytes } of dataRuns(chunk))
      for (let byte = at + offset; byte < at + offset + bytes.length; byte++)
        blocks.add(Math.floor(byte / block));
    at += chunk.length;
  }
  return blocks.size * block;
}

function counted(chunks: Buffer[]): number {
  const dataIn = dataCounter();
  return chunks.reduce((sum, chunk) => sum + dataIn(chunk), 0);
}

describe('what is counted', () => {
  const one = Buffer.from('x');
  const cases: [how: string, chunks: Buffer[]][] = [
    ['one byte, then zeros to the end of a block', [one, Buffer.alloc(block - 1)]],
    ['zeros, then a byte that ends a block', [Buffer.alloc(block - 1), one]],
    ['a byte between zeros', [Buffer.alloc(2000), one, Buffer.alloc(3000)]],
    ['whole blocks', [Buffer.alloc(3 * block, 1)]],
    ['across blocks', [Buffer.alloc(block / 2), Buffer.alloc(block, 1), Buffer.alloc(block / 2)]],
  ];
  it.each(cases)('%s: no less than the disk takes', (_, chunks) => {
    const many = Array.from({ length: 50 }, () => chunks).flat();
    expect(counted(many)).toBeGreaterThanOrEqual(onDisk(many));
  });

  it('zeros only: nothing', () => {
    expect(counted(Array.from({ length: 9 }, () => Buffer.alloc(1000)))).toBe(0);
  });

  it('does not depend on how the stream is cut', () => {
    const whole = Buffer.concat(cases.flatMap(([, chunks]) => chunks));
    for (const size of [1, 7, 512, 4095, 4096, 4097, whole.length]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size) chunks.push(whole.subarray(at, at + size));
      expect(counted(chunks), `${size}`).toBe(counted([whole]));
    }
  });
});
