/** Reads a stream of buffers by counts of bytes, keeping one buffer of it at a time. */
import { Malformed } from './malformed.ts';

/** A stream that can leave bytes out without reading them. */
export interface Source extends AsyncIterable<Buffer> {
  skip?: (count: number) => void;
}

/** `take`, `skip` and `stream` throw `Malformed` when the stream ends early. */
export function byteReader(source: Source) {
  const iterator = source[Symbol.asyncIterator]();
  let current: Buffer = Buffer.alloc(0);
  let position = 0;

  async function refill(): Promise<boolean> {
    while (current.length === 0) {
      const { done, value } = await iterator.next();
      if (done) return false;
      current = value;
    }
    return true;
  }

  /** At least one and at most `most` bytes. */
  async function some(most: number): Promise<Buffer> {
    if (!(await refill())) throw new Malformed('it ends too early');
    const part = current.subarray(0, most);
    current = current.subarray(part.length);
    position += part.length;
    return part;
  }

  async function take(count: number): Promise<Buffer> {
    if (count === 0) return Buffer.alloc(0);
    const first = await some(count);
    if (first.length === count) return first;
    const whole = Buffer.allocUnsafe(count);
    let done = first.copy(whole);
    while (done < count) done += (await some(count - done)).copy(whole, done);
    return whole;
  }

  return {
    /** Bytes given out so far. */
    position: () => position,
    take,

    /** The next `count` bytes; undefined at the end of the stream. */
    async next(count: number): Promise<Buffer | undefined> {
      return (await refill()) ? take(count) : undefined;
    },

    async skip(count: number): Promise<void> {
      let left = count;
      while (left > 0 && (current.length > 0 || !source.skip)) left -= (await some(left)).length;
      if (left > 0) source.skip?.(left);
      position += left;
    },

    async *stream(count: number): AsyncGenerator<Buffer> {
      for (let left = count; left > 0; ) {
        const part = await some(left);
        left -= part.length;
        yield part;
      }
    },

    /** To the end of the stream, so that whoever hashes it has seen everything. */
    async expectZeros(): Promise<void> {
      while (await refill()) {
        const part = await some(current.length);
        if (part.some((byte) => byte !== 0)) throw new Malformed('bytes after its end');
      }
    },
  };
}
