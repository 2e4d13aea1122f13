/** What the caller pipes into a build. */
import { addAbortSignal, type Readable } from 'node:stream';
import { ioError } from '../errors.ts';

/**
 * Waits for the first `count` bytes of stdin, or its end. `all` begins with them; waiting for more
 * ends, with `signal`, in an `AbortError`.
 */
export async function peekStdin(
  signal: AbortSignal,
  count: number,
): Promise<{ first: Buffer; all: AsyncIterable<Buffer> }> {
  const chunks = chunksOf(addAbortSignal(signal, process.stdin));
  const seen: Buffer[] = [];
  let length = 0;
  while (length < count) {
    const { done, value } = await chunks.next();
    if (done) break;
    seen.push(value);
    length += value.length;
  }
  return { first: Buffer.concat(seen), all: joined(seen, chunks) };
}

async function* chunksOf(input: Readable): AsyncGenerator<Buffer> {
  try {
    yield* input;
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw ioError(error, 'reading stdin');
  }
}

async function* joined(seen: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* seen;
  yield* rest;
}
