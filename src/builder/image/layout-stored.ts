/** One image of the store, or the index of several, in the shape of a layout. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import * as v from 'valibot';
import { MpkitError } from '../../errors.ts';
import { type Blobs, blobPath, hasBlob, ownFile, readBlob } from './blobs.ts';
import { type Digest, parseDigest } from './digest.ts';
import { parseDocument } from './json.ts';
import type { Layout } from './layout-read.ts';
import { mediaTypes } from './media-types.ts';

/** Throws `not-found` where it is not in the store, or no longer. */
export async function openStored(blobs: Blobs, digest: Digest): Promise<Layout> {
  if (!(await hasBlob(blobs, { digest })))
    throw new MpkitError('not-found', `image \`${digest}\` is not in the state folder`, {
      hint: '`mpkit history inspect` lists what was built; `mpkit prune` removes it',
    });
  const content = await readBlob(blobs, digest);
  const digestIn = (name: string) => parseDigest(`sha256:${basename(name)}`);
  return {
    files: {
      name: digest,
      document: (name) => readBlob(blobs, digestIn(name)),
      blob: async function* (name) {
        const file = await open(blobPath(blobs, digestIn(name)), ownFile);
        try {
          yield* file.createReadStream({ autoClose: false });
        } finally {
          await file.close();
        }
      },
    },
    selected: [{ mediaType: typeOf(content), digest, size: content.length }],
  };
}

const typed = v.object({ mediaType: v.optional(v.string()) });

function typeOf(content: Buffer): string {
  const { mediaType = mediaTypes.manifest } = parseDocument(typed, content, 'image');
  return mediaType;
}
