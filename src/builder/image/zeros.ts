/**
 * Which parts of some bytes are more than zeros: the rest need not be written, and takes no place on
 * the disk. Zeros count in blocks, as on disks.
 */
export interface Run {
  offset: number;
  bytes: Buffer;
}

/** In their order, as long as they can be; together they are what `dataLength` says. */
export function* dataRuns(chunk: Buffer): Generator<Run> {
  let start = -1;
  for (let at = 0; at < chunk.length; at += blockSize) {
    const isData = !isZeros(chunk, at);
    if (isData && start < 0) start = at;
    if (isData || start < 0) continue;
    yield { offset: start, bytes: chunk.subarray(start, at) };
    start = -1;
  }
  if (start >= 0) yield { offset: start, bytes: chunk.subarray(start) };
}

export function dataLength(chunk: Buffer): number {
  let length = 0;
  for (const { bytes } of dataRuns(chunk)) length += bytes.length;
  return length;
}

const blockSize = 4096;
const zeros = Buffer.alloc(blockSize);

function isZeros(chunk: Buffer, at: number): boolean {
  if (chunk[at] !== 0) return false;
  const length = Math.min(blockSize, chunk.length - at);
  return chunk.compare(zeros, 0, length, at, at + length) === 0;
}
