/**
 * Digests as mpkit uses them: SHA-256 only, written `sha256:` and 64 lower-case hex digits
 * (image-spec, descriptor.md, "Digests"). Parsed before any of their bytes reaches a path.
 */
import { createHash } from 'node:crypto';
import { MpkitError } from '../../errors.ts';

export type Digest = `sha256:${string}`;

/** Throws `invalid-image` for every other spelling and every other algorithm. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new MpkitError(
    'invalid-image',
    `invalid digest \`${text.slice(0, 100)}\`: expected \`sha256:\` and 64 lower-case hex digits`,
  );
}

export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** The hex part, safe as a file name because `digest` was parsed. */
export function hexOf(digest: Digest): string {
  return parseDigest(digest).slice('sha256:'.length);
}

export function digestOf(content: Buffer): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
