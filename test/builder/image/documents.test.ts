import { describe, expect, it } from 'vitest';
import { labelsOf, scratchConfig, withLabels } from '../../../src/builder/image/config.ts';
import { isDigest, parseDigest } from '../../../src/builder/image/digest.ts';
import {
  parseConfig,
  parseIndex,
  parseLayoutMark,
  parseManifest,
} from '../../../src/builder/image/documents.ts';
import { formatDocument } from '../../../src/builder/image/json.ts';
import { mediaTypes } from '../../../src/builder/image/media-types.ts';
import { hasSuite, needsSuite, type SuiteDocument, suiteDocuments, violations } from './schemas.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const config = { mediaType: mediaTypes.config, digest, size: 2 };

describe.skipIf(!hasSuite)(`the documents of image-spec${needsSuite}`, () => {
  it.each(suiteDocuments().map((each, at) => [`${at} ${each.kind}`, each] as const))(
    '%s',
    (_, each) => {
      const expected = (each.valid && !isBeyondMpkit(each)) || isTolerated(each);
      expect(isAccepted(each)).toBe(expected);
      if (each.valid) expect(violations(each.kind, JSON.parse(each.document))).toBeUndefined();
    },
  );
});

describe('documents', () => {
  it.skipIf(!hasSuite)(`are judged by schemas that can refuse${needsSuite}`, () => {
    expect(violations('manifest', { schemaVersion: 2, config, layers: [] })).toContain(
      'fewer than 1',
    );
    expect(violations('index', { schemaVersion: 3, manifests: [] })).toContain('schemaVersion');
  });

  it('refuses one document of two types (R6)', () => {
    const both = { schemaVersion: 2, config, layers: [], manifests: [] };
    expect(() => parseManifest(formatDocument(both), mediaTypes.manifest)).toThrow(
      'a document is both a manifest and an index',
    );
    expect(() => parseIndex(formatDocument(both), mediaTypes.index)).toThrow('both');
  });

  it('refuses a document of another type than its descriptor', () => {
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] };
    const docker = 'application/vnd.docker.distribution.manifest.list.v2+json';
    expect(() => parseIndex(formatDocument(index), docker)).toThrow(
      `expected \`${docker}\`, found \`${mediaTypes.index}\``,
    );
  });

  it.each([
    '../../canary',
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(63)}`,
    `sha512:${'a'.repeat(128)}`,
    `sha256:../../${'a'.repeat(58)}`,
    `${digest}\n`,
  ])('refuses the digest %j (R5)', (text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow('invalid digest');
    const manifest = { schemaVersion: 2, config: { ...config, digest: text }, layers: [] };
    expect(() => parseManifest(formatDocument(manifest), mediaTypes.manifest)).toThrow(
      'invalid image manifest: `config.digest`',
    );
  });

  it('refuses endless nesting and endless bytes (Z2)', () => {
    expect(() => parseConfig(Buffer.from('['.repeat(100_000)))).toThrow('64 levels of nesting');
    expect(() => parseConfig(Buffer.alloc(5 * 1024 * 1024, ' '))).toThrow('too many');
    expect(() => parseConfig(Buffer.of(0x22, 0xff, 0x22))).toThrow('it is not JSON');
  });

  it('refuses a platform that could name a folder elsewhere', () => {
    const index = { schemaVersion: 2, manifests: [{ ...config, platform: platformOf('../x') }] };
    expect(() => parseIndex(formatDocument(index), mediaTypes.index)).toThrow('expected letters');
  });

  it('keeps labels of any name (Z7)', () => {
    const labels = new Map([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['', 'c'],
    ]);
    const written = formatDocument(
      withLabels(scratchConfig({ os: 'linux', architecture: 'arm64' }), labels),
    );
    const read = parseConfig(written);
    expect(labelsOf(read)).toEqual(labels);
    expect(formatDocument(read).equals(written)).toBe(true);
  });
});

function platformOf(variant: string) {
  return { os: 'linux', architecture: 'arm', variant };
}

function isAccepted({ kind, document }: SuiteDocument): boolean {
  const content = Buffer.from(document);
  try {
    if (kind === 'config') parseConfig(content);
    else if (kind === 'layout') parseLayoutMark(content);
    else if (kind === 'index') parseIndex(content, mediaTypes.index);
    else if (kind === 'manifest') parseManifest(content, mediaTypes.manifest);
    else parseManifest(asManifest(document), mediaTypes.manifest);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-image' });
    return false;
  }
}

/** A descriptor by itself is never read; here it is the only layer. */
function asManifest(document: string): Buffer {
  return Buffer.from(
    `{"schemaVersion":2,"config":${JSON.stringify(config)},"layers":[${document}]}`,
  );
}

/** Valid, and refused on purpose: other digest algorithms, and artifacts that are no images. */
function isBeyondMpkit({ kind, document }: SuiteDocument): boolean {
  const digests = [...document.matchAll(/"digest":\s*"([^"]*)"/g)].map(([, text]) => text!);
  const noImage = kind === 'manifest' && !document.includes(mediaTypes.config);
  return !digests.every(isDigest) || noImage;
}

/** Invalid, and accepted on purpose: images without layers and `Env` entries without `=` exist. */
function isTolerated({ kind, document }: SuiteDocument): boolean {
  return (
    (kind === 'manifest' && document.includes('"layers": []')) ||
    (kind === 'config' && /"Env": \[\s*"foo"\s*\]/.test(document))
  );
}
