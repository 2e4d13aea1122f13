/**
 * An OCI image layout as a source of base images (image-spec, image-layout.md). Nothing in it is
 * trusted: blobs are opened inside the folder without following links and hashed again.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ioError, MpkitError } from '../../errors.ts';
import { openInRoot } from '../../libc.ts';
import { type BlobFacts, type Blobs, hasBlob, putBlob, readBounded } from './blobs.ts';
import { digestOf, hexOf, parseDigest } from './digest.ts';
import { type Descriptor, parseIndex, parseLayoutMark } from './documents.ts';
import { mediaTypes } from './media-types.ts';
import { isTagName } from './reference.ts';

export interface Layout {
  folder: string;
  /** The manifests or indexes that the reference selects; several only when nothing was asked. */
  selected: Descriptor[];
}

/** `oci-layout://DIR[:tag|@digest]`; a DIR that holds `:` needs a tag or digest after it. */
export function parseLayoutUrl(url: string): { folder: string; reference?: string } {
  const text = url.slice('oci-layout://'.length);
  if (!url.startsWith('oci-layout://') || text === '')
    throw new MpkitError('usage', `invalid layout \`${url}\`: expected \`oci-layout://DIR[:tag]\``);
  const at = text.lastIndexOf('@sha256:');
  if (at > 0) return { folder: text.slice(0, at), reference: parseDigest(text.slice(at + 1)) };
  const colon = text.lastIndexOf(':');
  if (colon > text.lastIndexOf('/')) {
    const tag = text.slice(colon + 1);
    if (!isTagName(tag)) throw new MpkitError('usage', `invalid tag \`${tag}\` in \`${url}\``);
    return { folder: text.slice(0, colon), reference: tag };
  }
  return { folder: text };
}

/**
 * Checks the layout and selects by tag or digest; without `reference` the only image, else the tag
 * `latest`, else everything. Throws `not-found` (listing the tags), `invalid-image` or `io`.
 */
export async function openLayout(folder: string, reference?: string): Promise<Layout> {
  parseLayoutMark(await readInside(folder, 'oci-layout'));
  const index = parseIndex(await readInside(folder, 'index.json'), mediaTypes.index);
  const selected = select(index.manifests, reference);
  if (selected.length === 0)
    throw new MpkitError('not-found', `\`${folder}\` has no image \`${reference}\``, {
      hint: `it has ${tagsOf(index.manifests) || 'no tags'}`,
    });
  return { folder, selected };
}

/** A manifest, index or config, checked against its descriptor. */
export async function readLayoutDocument(
  { folder }: Layout,
  { digest, size }: BlobFacts,
): Promise<Buffer> {
  const content = await readInside(folder, `blobs/sha256/${hexOf(digest)}`);
  if (content.length !== size || digestOf(content) !== digest)
    throw new MpkitError('invalid-image', `\`${folder}\`: blob \`${digest}\` has other bytes`);
  return content;
}

/** Copies a layer into the store, checking size and digest on the way. */
export async function importLayoutBlob(
  { folder }: Layout,
  { digest, size }: BlobFacts,
  blobs: Blobs,
): Promise<void> {
  if (await hasBlob(blobs, { digest, size })) return;
  const file = await openInside(folder, `blobs/sha256/${hexOf(digest)}`);
  try {
    const stream = file.createReadStream({ highWaterMark: 1 << 20, autoClose: false });
    await putBlob(blobs, stream, { digest, size });
  } finally {
    await file.close();
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

async function readInside(folder: string, name: string): Promise<Buffer> {
  const file = await openInside(folder, name);
  try {
    return await readBounded(file, `\`${folder}/${name}\``);
  } finally {
    await file.close();
  }
}

/** A regular file below `folder`, found without leaving it. */
async function openInside(folder: string, name: string): Promise<FileHandle> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let root: number | undefined;
  let found: number | undefined;
  try {
    root = openSync(folder, O_RDONLY | O_DIRECTORY);
    found = openInRoot(root, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const file = await open(`/proc/self/fd/${found}`, O_RDONLY | O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new MpkitError('invalid-image', `\`${folder}/${name}\` is not a regular file`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP')
      throw new MpkitError('invalid-image', `\`${folder}/${name}\` is a link`, { cause: error });
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new MpkitError('not-found', `no OCI layout in \`${folder}\`: \`${name}\` is missing`, {
        cause: error,
      });
    throw ioError(error, `reading \`${folder}/${name}\``);
  } finally {
    if (found !== undefined) closeSync(found);
    if (root !== undefined) closeSync(root);
  }
}
