/** Layouts made of the busybox base, as other programs might have written them. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { blobFile, editedLayout, readJson } from './workplace.ts';

/** The base for amd64 with these layers on top; the last may claim to be another one. */
export function withLayers(
  base: string,
  layout: string,
  tars: Buffer[],
  { level = 6, claimed }: { level?: number; claimed?: Buffer } = {},
): string {
  const plain = tars.map((tar, at) => (claimed && at === tars.length - 1 ? claimed : tar));
  editedLayout(base, layout, (config) => {
    config.rootfs.diff_ids.push(...plain.map(digestOf));
  });
  const index = readJson(layout, 'index.json');
  const [entry] = index.manifests;
  const manifest = JSON.parse(readFileSync(blobFile(layout, entry.digest), 'utf8'));
  for (const tar of tars) {
    const blob = gzipSync(tar, { level });
    writeFileSync(blobFile(layout, digestOf(blob)), blob);
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
    manifest.layers.push({ mediaType, digest: digestOf(blob), size: blob.length });
  }
  const text = Buffer.from(JSON.stringify(manifest));
  Object.assign(entry, { digest: digestOf(text), size: text.length });
  writeFileSync(blobFile(layout, entry.digest), text);
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
  return layout;
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
