/**
 * Stops compression bombs: how much the layers of one image may unpack to, all together. What takes
 * place on the disk and what does not, zeros and holes, have bounds of their own.
 */
import { statfsSync } from 'node:fs';
import { MpkitError } from '../../errors.ts';
import { parseSize } from '../../size.ts';
import { dataCounter } from './zeros.ts';

export interface Amount {
  /** Bytes that are written to the disk. */
  data: number;
  /** Zeros and holes, which only take time. */
  empty: number;
}

/**
 * For an image whose layers have these sizes; throws `usage`. Data may be 1 GiB and 200 bytes for
 * each stored one, and more as long as the disk has room (`spareOf`): a bomb fills no disk, and what
 * a step wrote over and over is still read. MPKIT_UNPACK_LIMIT says otherwise. No gzip stream stands
 * for more zeros than are allowed, so whatever mpkit wrote is within it.
 */
export function unpackAllowance(sizes: number[]): Amount {
  const stored = sizes.reduce((sum, size) => sum + size, 0);
  const empty = 2 ** 37 + mostOfGzip * stored;
  const asked = process.env[variable];
  if (!asked) return { data: 2 ** 30 + 200 * stored, empty };
  const data = parseSize(asked) ?? invalid(asked);
  return { data, empty: Math.max(data, empty) };
}

/**
 * Bytes that may be written to the disk of `folder` beyond an allowance that nobody set: half of what
 * is free now stays free, whoever else writes to it meanwhile.
 */
export function spareOf(folder: string): () => number {
  if (process.env[variable]) return none;
  const kept = freeBytes(folder) / 2;
  return () => freeBytes(folder) - kept;
}

const none = () => -1;

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Counts what comes out; beyond `most`, which may grow, it throws what `over` makes of the words. */
export function createMeter(
  most: () => Amount,
  over: (words: string) => MpkitError,
  spare: () => number = none,
) {
  const used: Amount = { data: 0, empty: 0 };
  const dataIn = dataCounter();
  const add = (data: number, empty: number) => {
    used.data += data;
    used.empty += empty;
    const allowed = most();
    if (used.data > allowed.data && spare() < 0) throw over(`${Math.max(0, allowed.data)} bytes`);
    if (used.empty > allowed.empty) throw over(`${Math.max(0, allowed.empty)} bytes of zeros`);
  };
  return {
    used,
    addHoles: (length: number) => add(0, length),
    addChunk: (chunk: Buffer) => {
      const data = dataIn(chunk);
      add(data, chunk.length - data);
    },
  };
}

/** `left` is what the layers below left of the allowance. */
export function overLimit(left: string): MpkitError {
  const message = `a layer unpacks to more than the ${left} that are left of its image's limit`;
  return new MpkitError('invalid-image', message, {
    hint: `where the image is trusted, allow more: \`${variable}=64g\``,
  });
}

/** The same for an archive that is no image's. */
export function archiveOverLimit(name: string, most: string): MpkitError {
  return new MpkitError('invalid-input', `${name} unpacks to more than ${most}`, {
    hint: `where it is trusted, allow more: \`${variable}=64g\``,
  });
}

const variable = 'MPKIT_UNPACK_LIMIT';

/** RFC 1951: two bits are a match of 258 bytes. */
const mostOfGzip = 1032;

function invalid(text: string): never {
  throw new MpkitError('usage', `invalid ${variable} \`${text.slice(0, 40)}\``, {
    hint: 'expected a size such as `500m` or `64g`',
  });
}
