/** What an OCI image layout holds (image-spec, image-layout.md), before it is a folder or a tar. */
import { MpkitError } from '../../errors.ts';
import type { Platform } from '../../platform.ts';
import {
  type BlobFacts,
  type Blobs,
  blobPath,
  dropCorrupt,
  hasBlob,
  putBlob,
  readBlob,
} from '../image/blobs.ts';
import { formatTime } from '../image/config.ts';
import { hexOf } from '../image/digest.ts';
import { type Descriptor, parseManifest } from '../image/documents.ts';
import { formatDocument } from '../image/json.ts';
import { mediaTypes } from '../image/media-types.ts';
import { formatReference, parseTag } from '../image/reference.ts';

export interface PlatformImage {
  platform: Platform;
  manifest: Descriptor;
}

export interface LayoutContent {
  /** One manifest, or the index of several, in the order that was asked for. */
  root: Descriptor;
  /** In a fixed order, names relative to the layout. */
  files: LayoutFile[];
}

export type LayoutFile = { name: string; content: Buffer } | StoredFile;

/** A blob of the store, which is copied as it is. */
export interface StoredFile {
  name: string;
  source: string;
  size: number;
  check: CheckHash;
}

/** Throws `corrupt` for the hash of other bytes than the blob's, which is dropped. */
export type CheckHash = (sha256: string) => Promise<void>;

export interface LayoutOptions {
  images: PlatformImage[];
  /** `name[:tag]` each. */
  tags: string[];
  blobs: Blobs;
  /** Seconds since 1970. */
  epoch?: number | undefined;
  /** An index for one image, too. */
  alwaysIndex?: boolean;
}

/** Every blob is in the store; throws `corrupt` when one is not, `usage` for a bad tag. */
export async function layoutFiles(options: LayoutOptions): Promise<LayoutContent> {
  const { images, tags, blobs, epoch, alwaysIndex = false } = options;
  const root = await rootOf(images, blobs, alwaysIndex);
  const entries = namesOf(tags).map((names) => withNames(root, names, epoch));
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: entries };
  const needed = await blobsOf(images, blobs);
  needed.set(root.digest, root);
  const sorted = [...needed.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return {
    root,
    files: [
      { name: 'oci-layout', content: formatDocument({ imageLayoutVersion: '1.0.0' }) },
      { name: 'index.json', content: formatDocument(index) },
      ...(await Promise.all(sorted.map((blob) => storedFile(blobs, blob)))),
    ],
  };
}

export function sizeOf(file: LayoutFile): number {
  return 'content' in file ? file.content.length : file.size;
}

async function rootOf(
  images: PlatformImage[],
  blobs: Blobs,
  alwaysIndex: boolean,
): Promise<Descriptor> {
  const manifests = images.map(({ platform, manifest: { mediaType, digest, size } }) => ({
    mediaType,
    digest,
    size,
    platform,
  }));
  const [only] = manifests;
  if (!only) throw new Error('a layout without images');
  if (manifests.length === 1 && !alwaysIndex) return only;
  const content = formatDocument({ schemaVersion: 2, mediaType: mediaTypes.index, manifests });
  return { mediaType: mediaTypes.index, ...(await putBlob(blobs, content)) };
}

interface Names {
  /** Tag alone. */
  tag: string;
  full: string;
}

/** One index entry for each tag, and one without names where there is no tag. */
function namesOf(tags: string[]): (Names | undefined)[] {
  if (tags.length === 0) return [undefined];
  const names = tags.map(parseTag).map((tag) => ({ tag: tag.tag, full: formatReference(tag) }));
  return [...new Map(names.map((each) => [each.full, each])).values()];
}

function withNames(root: Descriptor, names: Names | undefined, epoch: number | undefined) {
  const annotations = {
    ...(names && { 'io.containerd.image.name': names.full }),
    ...(epoch !== undefined && { 'org.opencontainers.image.created': formatTime(epoch) }),
    ...(names && { 'org.opencontainers.image.ref.name': names.tag }),
  };
  return { ...root, ...(Object.keys(annotations).length > 0 && { annotations }) };
}

/** Manifests, configs and layers, each once. */
async function blobsOf(images: PlatformImage[], blobs: Blobs): Promise<Map<string, BlobFacts>> {
  const needed = new Map<string, BlobFacts>();
  for (const { manifest } of images) {
    const content = await readBlob(blobs, manifest.digest);
    const { config, layers } = parseManifest(content, manifest.mediaType);
    for (const { digest, size } of [manifest, config, ...layers])
      needed.set(digest, { digest, size });
  }
  return needed;
}

async function storedFile(blobs: Blobs, { digest, size }: BlobFacts): Promise<LayoutFile> {
  if (!(await hasBlob(blobs, { digest, size })))
    throw new MpkitError('corrupt', `blob \`${digest}\` of ${size} bytes is missing in the store`);
  const check: CheckHash = async (sha256) => {
    if (sha256 !== hexOf(digest)) throw await dropCorrupt(blobs, digest);
  };
  return { name: `blobs/sha256/${hexOf(digest)}`, source: blobPath(blobs, digest), size, check };
}
