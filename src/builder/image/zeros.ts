/**
 * Which parts of some bytes are more than zeros: the rest need not be written, and takes no place on
 * the disk. Zeros count in blocks, as on disks.
 */
export interface Run {
  offset: number;
  bytes: Buffer;
}

/** In their order, as long as they can be. */
export function* dataRuns(chunk: Buffer): Generator<Run> {
  let start = -1;
  for (let at = 0; at < chunk.length; at += blockSize) {
    const isData = !isZeros(chunk, at, Math.min(at + blockSize, chunk.length));
    if (isData && start < 0) start = at;
    if (isData || start < 0) continue;
    yield { offset: start, bytes: chunk.subarray(start, at) };
    start = -1;
  }
  if (start >= 0) yield { offset: start, bytes: chunk.subarray(start) };
}

/**
 * Counts the blocks of a stream that are more than zeros, in bytes, however it is cut into chunks: a
 * block counts whole with its first such byte, so a chunk may count for more than it has.
 */
export function dataCounter(): (chunk: Buffer) => number {
  let inBlock = 0;
  let isCounted = false;
  return (chunk) => {
    let data = 0;
    for (let at = 0; at < chunk.length; ) {
      const end = Math.min(chunk.length, at + blockSize - inBlock);
      if (!isCounted && !isZeros(chunk, at, end)) {
        isCounted = true;
        data += blockSize;
      }
      inBlock = (inBlock + end - at) % blockSize;
      if (inBlock === 0) isCounted = false;
      at = end;
    }
    return data;
  };
}

const blockSize = 4096;
const zeros = Buffer.alloc(blockSize);

/** Of a block at most. */
function isZeros(chunk: Buffer, at: number, end: number): boolean {
  return chunk[at] === 0 && chunk.compare(zeros, 0, end - at, at, end) === 0;
}
