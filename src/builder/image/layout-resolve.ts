/** Which of a layout's images serves a platform (image-index.md, and containerd's order). */
import { MpkitError } from '../../errors.ts';
import {
  acceptablePlatforms,
  formatPlatform,
  type Platform,
  samePlatform,
} from '../../platform.ts';
import { platformOf } from './assemble.ts';
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  parseConfig,
  parseIndex,
  parseManifest,
} from './documents.ts';
import { type Layout, readLayoutDocument } from './layout-read.ts';
import { isIndexType, isManifestType } from './media-types.ts';

export interface ResolvedImage {
  descriptor: Descriptor;
  manifest: ImageManifest;
  config: ImageConfig;
  /** What the index entry, or else the config, says. */
  platform: Platform;
}

/**
 * The best image for `wanted`: its own variant, lower ones, then what else such a CPU runs; the
 * first of equals. Throws `no-platform` listing what exists, or `invalid-image`.
 */
export async function resolveImage(layout: Layout, wanted: Platform): Promise<ResolvedImage> {
  const candidates = await candidatesOf(layout);
  for (const acceptable of acceptablePlatforms(wanted)) {
    const found = candidates.find(({ platform }) => samePlatform(platform, acceptable));
    if (found) return readImage(layout, found);
  }
  const existing = [...new Set(candidates.map(({ platform }) => formatPlatform(platform)))];
  throw new MpkitError(
    'no-platform',
    `\`${layout.files.name}\` has no image for ${formatPlatform(wanted)}`,
    {
      hint: existing.length > 0 ? `it has ${existing.slice(0, 20).join(', ')}` : 'it has no images',
    },
  );
}

interface Candidate {
  descriptor: Descriptor;
  platform: Platform;
}

/** All images below the selected entries, in the order of the documents. */
async function candidatesOf(layout: Layout): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const seen = new Set<string>();
  const pending = layout.selected.map((descriptor) => ({ descriptor, depth: 0 })).reverse();
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { descriptor, depth } = next;
    if (isAttestation(descriptor) || seen.has(descriptor.digest)) continue;
    seen.add(descriptor.digest);
    if (seen.size > mostDocuments || depth > deepestIndex)
      throw new MpkitError('invalid-image', `\`${layout.files.name}\` has too many nested indexes`);
    if (isIndexType(descriptor.mediaType)) {
      const content = await readLayoutDocument(layout, descriptor);
      const { manifests } = parseIndex(content, descriptor.mediaType);
      for (const entry of manifests.toReversed())
        pending.push({ descriptor: entry, depth: depth + 1 });
    } else if (isManifestType(descriptor.mediaType)) {
      const platform = descriptor.platform ?? (await readImage(layout, { descriptor })).platform;
      candidates.push({ descriptor, platform });
    }
  }
  return candidates;
}

const mostDocuments = 1000;
const deepestIndex = 4;

/** BuildKit keeps provenance beside the images it belongs to. */
function isAttestation({ platform, annotations }: Descriptor): boolean {
  return (
    platform?.os === 'unknown' ||
    platform?.architecture === 'unknown' ||
    Object.hasOwn(annotations ?? {}, 'vnd.docker.reference.type')
  );
}

async function readImage(
  layout: Layout,
  { descriptor, platform }: { descriptor: Descriptor; platform?: Platform },
): Promise<ResolvedImage> {
  const content = await readLayoutDocument(layout, descriptor);
  const manifest = parseManifest(content, descriptor.mediaType);
  const config = parseConfig(await readLayoutDocument(layout, manifest.config));
  const diffIds = config.rootfs.diff_ids.length;
  if (diffIds !== manifest.layers.length)
    throw new MpkitError(
      'invalid-image',
      `\`${descriptor.digest}\` has ${manifest.layers.length} layers, but its config names ${diffIds}`,
    );
  return { descriptor, manifest, config, platform: platform ?? platformOf(config) };
}
