/**
 * The JSON documents of an image, parsed strictly where mpkit reads them and kept whole where it
 * does not (image-spec: descriptor.md, manifest.md, image-index.md, config.md, image-layout.md).
 */
import * as v from 'valibot';
import { MpkitError } from '../../errors.ts';
import type { Platform } from '../../platform.ts';
import { type Digest, isDigest } from './digest.ts';
import { nameSet, parseDocument, stringMap } from './json.ts';
import { isConfigType, isIndexType, isManifestType } from './media-types.ts';

export interface Descriptor {
  mediaType: string;
  digest: Digest;
  /** Bytes. */
  size: number;
  platform?: Platform;
  annotations?: Record<string, string>;
}

export interface ImageManifest {
  schemaVersion: 2;
  mediaType?: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Record<string, string>;
}

export interface ImageIndex {
  schemaVersion: 2;
  mediaType?: string;
  manifests: Descriptor[];
  annotations?: Record<string, string>;
}

export interface HistoryRow {
  created?: string;
  author?: string;
  created_by?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** What a container of the image starts with; Docker writes null for an empty list. */
export interface RuntimeConfig {
  User?: string;
  ExposedPorts?: Record<string, object> | null;
  Env?: string[] | null;
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Volumes?: Record<string, object> | null;
  WorkingDir?: string;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  Shell?: string[] | null;
  OnBuild?: string[] | null;
  Healthcheck?: object | null;
}

export interface ImageConfig {
  created?: string;
  author?: string;
  architecture: string;
  os: string;
  variant?: string;
  config?: RuntimeConfig | null;
  rootfs: { type: 'layers'; diff_ids: Digest[] };
  history?: HistoryRow[] | null;
}

/** Throws `invalid-image`, also when the document is another kind than `mediaType` says. */
export function parseManifest(content: Buffer, mediaType: string): ImageManifest {
  const manifest = parseDocument(manifestSchema, content, 'image manifest');
  refuseBoth(manifest);
  if (!isManifestType(mediaType) || (manifest.mediaType ?? mediaType) !== mediaType)
    throw differs(mediaType, manifest.mediaType ?? 'an image manifest');
  if (!isConfigType(manifest.config.mediaType))
    throw new MpkitError(
      'invalid-image',
      `a manifest of \`${manifest.config.mediaType}\` is no image that can be built on`,
    );
  return manifest;
}

/** Throws `invalid-image`, also when the document is another kind than `mediaType` says. */
export function parseIndex(content: Buffer, mediaType: string): ImageIndex {
  const index = parseDocument(indexSchema, content, 'image index');
  refuseBoth(index);
  if (!isIndexType(mediaType) || (index.mediaType ?? mediaType) !== mediaType)
    throw differs(mediaType, index.mediaType ?? 'an image index');
  return index;
}

/** Unknown fields stay where they are. Throws `invalid-image`. */
export function parseConfig(content: Buffer): ImageConfig {
  return parseDocument(configSchema, content, 'image config');
}

/** The `oci-layout` file; every other version than 1.0.0 throws `invalid-image`. */
export function parseLayoutMark(content: Buffer): void {
  parseDocument(layoutSchema, content, '`oci-layout` file');
}

/** A document of two types would be read as another image by another tool (CVE-2021-41190). */
function refuseBoth(document: object): void {
  const has = (key: string) => Object.hasOwn(document, key);
  if (has('manifests') && (has('layers') || has('config')))
    throw new MpkitError('invalid-image', 'a document is both a manifest and an index');
}

function differs(expected: string, found: string): MpkitError {
  return new MpkitError('invalid-image', `expected \`${expected}\`, found \`${found}\``);
}

const digestSchema = v.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'expected `sha256:` and 64 lower-case hex digits',
);
const mediaTypePattern =
  /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;
const mediaTypeSchema = v.pipe(v.string(), v.regex(mediaTypePattern, 'expected a media type'));
/** They become folder names and lines on a terminal. */
const platformWord = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_.-]{0,64}$/, 'expected letters, digits, `_`, `.` and `-`'),
);
const platformFields = {
  os: platformWord,
  architecture: platformWord,
  variant: v.exactOptional(platformWord),
};
const platformSchema = v.looseObject(platformFields);

const descriptorSchema = v.looseObject({
  mediaType: mediaTypeSchema,
  digest: digestSchema,
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  artifactType: v.exactOptional(mediaTypeSchema),
  urls: v.exactOptional(
    v.array(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9+.-]*:/i, 'expected a URL'))),
  ),
  data: v.exactOptional(v.pipe(v.string(), v.base64('expected base64'))),
  platform: v.exactOptional(platformSchema),
  annotations: v.exactOptional(stringMap),
});

const common = {
  schemaVersion: v.literal(2),
  mediaType: v.exactOptional(mediaTypeSchema),
  artifactType: v.exactOptional(mediaTypeSchema),
  subject: v.exactOptional(descriptorSchema),
  annotations: v.exactOptional(stringMap),
};
const manifestSchema = v.looseObject({
  ...common,
  config: descriptorSchema,
  layers: v.array(descriptorSchema),
});
const indexSchema = v.looseObject({ ...common, manifests: v.array(descriptorSchema) });

const text = v.exactOptional(v.string());
const words = v.exactOptional(v.nullable(v.array(v.string())));
const names = v.exactOptional(v.nullable(nameSet));

const configSchema = v.looseObject({
  created: text,
  author: text,
  ...platformFields,
  config: v.exactOptional(
    v.nullable(
      v.looseObject({
        User: text,
        ExposedPorts: names,
        Env: words,
        Entrypoint: words,
        Cmd: words,
        Volumes: names,
        WorkingDir: text,
        Labels: v.exactOptional(v.nullable(stringMap)),
        StopSignal: text,
        Shell: words,
        OnBuild: words,
        Healthcheck: v.exactOptional(v.nullable(v.looseObject({}))),
      }),
    ),
  ),
  rootfs: v.looseObject({ type: v.literal('layers'), diff_ids: v.array(digestSchema) }),
  history: v.exactOptional(
    v.nullable(
      v.array(
        v.looseObject({
          created: text,
          author: text,
          created_by: text,
          comment: text,
          empty_layer: v.exactOptional(v.boolean()),
        }),
      ),
    ),
  ),
});
const layoutSchema = v.looseObject({ imageLayoutVersion: v.literal('1.0.0') });
