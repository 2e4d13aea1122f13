/**
 * Images: layers, the OCI documents around them, the store that keeps both, and the checks that an
 * image holds what it says. Owns the tar format and everything hostile about it; knows nothing of
 * Dockerfiles, registries, steps or where an image goes.
 */
export { type ArchiveForm, archiveForm, archiveFormBytes } from './archive-form.ts';
export { assembleImage, type ImageLayer, platformOf } from './assemble.ts';
export {
  type BlobFacts,
  type Blobs,
  blobPath,
  dropCorrupt,
  hasBlob,
  openBlobs,
  putBlob,
  readBlob,
  storedBlobs,
  verifyBlob,
} from './blobs.ts';
export * from './config.ts';
export { type Digest, digestOf, isDigest, parseDigest } from './digest.ts';
export * from './documents.ts';
export {
  type ImageSource,
  imageSourceWords,
  parseImageSource,
  parseLayoutUrl,
} from './image-source.ts';
export { formatDocument } from './json.ts';
export { type ApplyOptions, applyLayer, checkUnpacked } from './layer-apply.ts';
export { hashLayer, type Layer, type LayerOptions, writeLayer } from './layer-write.ts';
export { importLayoutBlob, type Layout, openArchive, openLayout } from './layout-read.ts';
export { type ResolvedImage, resolveImage } from './layout-resolve.ts';
export { openStored } from './layout-stored.ts';
export { mediaTypes } from './media-types.ts';
export { formatReference, parseReference, parseTag, type Reference } from './reference.ts';
export { checkTruthful, type TruthCheck } from './truthful.ts';
export { unpackArchive } from './unpack-archive.ts';
export { type Amount, spareOf, unpackAllowance } from './unpack-limit.ts';
