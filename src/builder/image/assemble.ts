/** The end of a stage: config and layers become one manifest in the blob store. */
import { MpkitError } from '../../errors.ts';
import { normalizePlatform, type Platform } from '../../platform.ts';
import { type BlobFacts, type Blobs, documentLimit, putBlob } from './blobs.ts';
import { withHistory } from './config.ts';
import { digestOf } from './digest.ts';
import type { Descriptor, ImageConfig } from './documents.ts';
import { gzip } from './gzip.ts';
import { formatDocument } from './json.ts';
import { type Layer, tarChunks } from './layer-write.ts';
import { mediaTypes, ociLayerType } from './media-types.ts';

export interface AssembleOptions {
  /** Its diff_ids are replaced by those of `layers`. */
  config: ImageConfig;
  /** The lowest first, those of the base included; all are in the store. */
  layers: ImageLayer[];
  blobs: Blobs;
  annotations?: Map<string, string>;
}

export type ImageLayer = Pick<Layer, 'mediaType' | 'digest' | 'size' | 'diffId'>;

/**
 * Stores config and manifest (OCI types, whatever the base used) and returns the manifest's
 * descriptor with its platform. An image of no layers gets an empty one: manifest.md asks for at
 * least one, and registries and runtimes refuse less.
 */
export async function assembleImage(
  options: AssembleOptions,
): Promise<Descriptor & { platform: Platform }> {
  const { blobs, annotations } = options;
  const { config, layers } =
    options.layers.length > 0 ? options : await withEmptyLayer(options.config, blobs);
  const rootfs = { type: 'layers' as const, diff_ids: layers.map(({ diffId }) => diffId) };
  const configBlob = await putDocument(blobs, 'config', { ...config, rootfs });
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...configBlob },
    layers: layers.map(({ mediaType, digest, size }) => ({
      mediaType: ociLayerType(mediaType),
      digest,
      size,
    })),
    ...(annotations && annotations.size > 0 && { annotations: Object.fromEntries(annotations) }),
  };
  const { digest, size } = await putDocument(blobs, 'manifest', manifest);
  return { mediaType: mediaTypes.manifest, digest, size, platform: platformOf(config) };
}

/** A document that nobody would read is not written. */
function putDocument(blobs: Blobs, name: string, value: object): Promise<BlobFacts> {
  const content = formatDocument(value);
  if (content.length <= documentLimit) return putBlob(blobs, content);
  const message = `the image's ${name} would have ${content.length} bytes, and ${documentLimit} are the most that readers take`;
  throw new MpkitError('invalid-image', message, {
    hint: 'shorten its ENV and LABEL, and the ARGs that each RUN repeats in the history',
  });
}

/** As index entries name it (image-index.md, "platform"). */
export function platformOf({ os, architecture, variant }: ImageConfig): Platform {
  return normalizePlatform({ os, architecture, ...(variant && { variant }) });
}

async function withEmptyLayer(config: ImageConfig, blobs: Blobs) {
  const tar = Buffer.concat([...tarChunks([])]);
  const diffId = digestOf(tar);
  const blob = await putBlob(blobs, gzip([tar], 4));
  const layer: ImageLayer = { mediaType: mediaTypes.layerGzip, ...blob, diffId };
  const row = { ...(config.created && { created: config.created }), comment: 'empty layer' };
  return { config: withHistory(config, row), layers: [layer] };
}
