/**
 * The names of document and layer formats: image-spec, media-types.md, and Docker's of image
 * manifest version 2, schema 2, which are accepted and never written.
 */
import { MpkitError } from '../../errors.ts';

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

export type Compression = 'none' | 'gzip' | 'zstd';

export function isIndexType(mediaType: string): boolean {
  return (
    mediaType === mediaTypes.index || mediaType === `${docker}.distribution.manifest.list.v2+json`
  );
}

export function isManifestType(mediaType: string): boolean {
  return (
    mediaType === mediaTypes.manifest || mediaType === `${docker}.distribution.manifest.v2+json`
  );
}

export function isConfigType(mediaType: string): boolean {
  return mediaType === mediaTypes.config || mediaType === `${docker}.container.image.v1+json`;
}

/** How a layer of this type is packed; throws `invalid-image` for what is no layer of files. */
export function compressionOf(mediaType: string): Compression {
  const known = layerCompressions.get(mediaType);
  if (known) return known;
  throw new MpkitError(
    'invalid-image',
    `a layer of type \`${mediaType.slice(0, 200)}\`: expected tar, tar+gzip or tar+zstd`,
  );
}

/** The OCI name of a layer's type, for a manifest that continues a Docker base. */
export function ociLayerType(mediaType: string): string {
  return ociLayerTypes[compressionOf(mediaType)];
}

const docker = 'application/vnd.docker';
const ociLayerTypes: Record<Compression, string> = {
  none: mediaTypes.layer,
  gzip: mediaTypes.layerGzip,
  zstd: mediaTypes.layerZstd,
};
const nonDistributable = 'application/vnd.oci.image.layer.nondistributable.v1.tar';

const layerCompressions = new Map<string, Compression>([
  [mediaTypes.layer, 'none'],
  [mediaTypes.layerGzip, 'gzip'],
  [mediaTypes.layerZstd, 'zstd'],
  [nonDistributable, 'none'],
  [`${nonDistributable}+gzip`, 'gzip'],
  [`${nonDistributable}+zstd`, 'zstd'],
  [`${docker}.image.rootfs.diff.tar`, 'none'],
  [`${docker}.image.rootfs.diff.tar.gzip`, 'gzip'],
  [`${docker}.image.rootfs.diff.tar.zstd`, 'zstd'],
  [`${docker}.image.rootfs.foreign.diff.tar`, 'none'],
  [`${docker}.image.rootfs.foreign.diff.tar.gzip`, 'gzip'],
]);
