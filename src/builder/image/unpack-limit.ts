/**
 * Stops compression bombs: how much the layers of one image may unpack to, all together. 1 GiB, and
 * 200 bytes for each one stored, are plenty; MPKIT_UNPACK_LIMIT says otherwise.
 */
import { MpkitError } from '../../errors.ts';
import { parseSize } from '../../size.ts';

/** Bytes, for an image whose layers have these sizes; throws `usage`. */
export function unpackAllowance(sizes: number[]): number {
  const asked = process.env[variable];
  if (asked) return parseSize(asked) ?? invalid(asked);
  return Math.min(mostUnasked, 2 ** 30 + 200 * sizes.reduce((sum, size) => sum + size, 0));
}

/** `left` is what the layers below left of the allowance. */
export function overLimit(left: number): MpkitError {
  const what =
    left > 0 ? `to more than the ${left} bytes that are left to it` : 'though no bytes are left';
  return new MpkitError('invalid-image', `a layer unpacks ${what} of its image's limit`, {
    hint: `where the image is trusted, allow more: \`${variable}=64g\``,
  });
}

/** The same for an archive that is no image's. */
export function archiveOverLimit(name: string, most: number): MpkitError {
  return new MpkitError('invalid-input', `${name} unpacks to more than ${most} bytes`, {
    hint: `where it is trusted, allow more: \`${variable}=64g\``,
  });
}

const variable = 'MPKIT_UNPACK_LIMIT';

/** 128 GiB. */
const mostUnasked = 2 ** 37;

function invalid(text: string): never {
  throw new MpkitError('usage', `invalid ${variable} \`${text.slice(0, 40)}\``, {
    hint: 'expected a size such as `500m` or `64g`',
  });
}
