/** The bytes of one regular file: hashed where they are, or while they are copied. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { MpkitError } from '../../errors.ts';
import type { Pause } from '../../pause.ts';

export interface Content {
  digest: string;
  /** Of the file that was read, afterwards. */
  stats: Stats;
}

/** Of the bytes that were read. */
export async function hashContent(from: Buffer, pause: Pause): Promise<Content> {
  return eachChunk(from, pause, () => {});
}

/** The digest of the bytes that were written to the new file `to`; zeros become holes. */
export async function copyContent(from: Buffer, to: Buffer, pause: Pause): Promise<string> {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const out = openSync(to, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  let size = 0;
  try {
    const { digest } = await eachChunk(from, pause, (chunk) => {
      if (!isZero(chunk)) writeAt(out, chunk, size);
      size += chunk.length;
    });
    ftruncateSync(out, size);
    return digest;
  } finally {
    closeSync(out);
  }
}

async function eachChunk(
  from: Buffer,
  pause: Pause,
  use: (chunk: Buffer) => void,
): Promise<Content> {
  const fd = openRegular(from);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(chunkSize, Math.max(4096, fstatSync(fd).size)));
  try {
    for (let size = readSync(fd, buffer); size > 0; size = readSync(fd, buffer)) {
      const chunk = buffer.subarray(0, size);
      hash.update(chunk);
      use(chunk);
      await pause();
    }
    return { digest: hash.digest('hex'), stats: fstatSync(fd) };
  } finally {
    closeSync(fd);
  }
}

const chunkSize = 1 << 20;
const zeros = Buffer.alloc(chunkSize);

function isZero(chunk: Buffer): boolean {
  return chunk[0] === 0 && chunk.equals(zeros.subarray(0, chunk.length));
}

function writeAt(fd: number, chunk: Buffer, position: number): void {
  for (let done = 0; done < chunk.length; )
    done += writeSync(fd, chunk, done, chunk.length - done, position + done);
}

/** A descriptor of a regular file: what was swapped for a FIFO or a link meanwhile is refused. */
function openRegular(at: Buffer): number {
  // the magic link of a selected file itself must be followed; below it names are plain
  const isSelected = /^\/proc\/self\/fd\/\d+$/.test(at.toString('latin1'));
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const fd = openSync(at, O_RDONLY | O_NONBLOCK | (isSelected ? 0 : O_NOFOLLOW));
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new MpkitError('invalid-input', 'a file of the context changed while it was read');
}
