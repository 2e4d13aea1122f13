/**
 * An OCI image layout as a source of images (image-spec, image-layout.md), whatever holds its files.
 * Nothing in it is trusted: every blob is hashed again.
 */
import { MpkitError } from '../../errors.ts';
import { createPause, inTurns } from '../../pause.ts';
import { type BlobFacts, type Blobs, hasBlob, putBlob } from './blobs.ts';
import { digestOf, hexOf, parseDigest } from './digest.ts';
import { type Descriptor, parseIndex, parseLayoutMark } from './documents.ts';
import { archiveFiles } from './layout-archive.ts';
import { folderFiles } from './layout-folder.ts';
import type { LayoutFiles } from './layout-medium.ts';
import { mediaTypes } from './media-types.ts';

export interface Layout {
  files: LayoutFiles;
  /** The manifests or indexes that the reference selects; several only when nothing was asked. */
  selected: Descriptor[];
}

/**
 * Checks the layout and selects by tag or digest; without `reference` the only image, else the tag
 * `latest`, else everything. Throws `not-found` (listing the tags), `invalid-image` or `io`.
 */
export async function openLayout(folder: string, reference?: string): Promise<Layout> {
  return selectFrom(folderFiles(folder), reference);
}

/** The same of a layout in a tar archive. */
export async function openArchive(path: string, reference?: string): Promise<Layout> {
  return selectFrom(await archiveFiles(path), reference);
}

async function selectFrom(files: LayoutFiles, reference: string | undefined): Promise<Layout> {
  parseLayoutMark(await files.document('oci-layout'));
  const index = parseIndex(await files.document('index.json'), mediaTypes.index);
  const selected = select(index.manifests, reference);
  if (selected.length === 0)
    throw new MpkitError('not-found', `\`${files.name}\` has no image \`${reference}\``, {
      hint: `it has ${tagsOf(index.manifests) || 'no tags'}`,
    });
  return { files, selected };
}

/** A manifest, index or config, checked against its descriptor. */
export async function readLayoutDocument(
  { files }: Layout,
  { digest, size }: BlobFacts,
): Promise<Buffer> {
  const content = await files.document(`blobs/sha256/${hexOf(digest)}`);
  if (content.length !== size || digestOf(content) !== digest)
    throw new MpkitError('invalid-image', `\`${files.name}\`: blob \`${digest}\` has other bytes`);
  return content;
}

/**
 * Copies a layer into the store, checking size and digest on the way. What the store has already is
 * as good: it had that digest, and is read again before anything is made of it.
 */
export async function importLayoutBlob(
  { files }: Layout,
  { digest, size }: BlobFacts,
  blobs: Blobs,
  pause = createPause(),
): Promise<void> {
  if (await hasBlob(blobs, { digest, size })) return;
  try {
    const content = inTurns(files.blob(`blobs/sha256/${hexOf(digest)}`), pause);
    await putBlob(blobs, content, { digest, size });
  } catch (error) {
    if ((error as MpkitError).code !== 'not-found') throw error;
    throw new MpkitError('not-found', `\`${files.name}\` lacks blob \`${digest}\` of its image`, {
      hint: 'copy the image again, with all its layers',
      cause: error,
    });
  }
}

function select(entries: Descriptor[], reference: string | undefined): Descriptor[] {
  const tagged = (tag: string) => entries.filter((entry) => tagOf(entry) === tag).slice(0, 1);
  if (reference?.startsWith('sha256:')) {
    const digest = parseDigest(reference);
    return entries.filter((entry) => entry.digest === digest).slice(0, 1);
  }
  if (reference !== undefined) return tagged(reference);
  const latest = tagged('latest');
  return latest.length > 0 ? latest : entries;
}

function tagsOf(entries: Descriptor[]): string {
  const tags = new Set(entries.map(tagOf).filter((tag) => tag !== undefined));
  return [...tags]
    .slice(0, 20)
    .map((tag) => `\`${tag}\``)
    .join(', ');
}

function tagOf({ annotations }: Descriptor): string | undefined {
  const key = 'org.opencontainers.image.ref.name';
  return annotations && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
}
