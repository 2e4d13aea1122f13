import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Spec, tarOf } from '../../builder/image/workshop.ts';
import { blobFile, editedLayout, type Json, readJson } from '../build/workplace.ts';
import type { Arena } from './arena.ts';

/**
 * The busybox base for amd64 with one more layer, of the members `specs`, and with its
 * configuration changed by `edit`: the flag that makes it the build's `base`.
 */
export function hostileBase(
  { base, root }: Pick<Arena, 'base' | 'root'>,
  specs: Spec[],
  edit: (config: Json) => void = () => {},
): string[] {
  const tar = tarOf(specs.map((spec) => ({ uid: 0, gid: 0, ...spec })));
  const digest = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
  const layout = join(root, '..', `hostile-${++count}`);
  editedLayout(base, layout, (config) => {
    if (specs.length > 0) config.rootfs.diff_ids.push(digest);
    edit(config);
  });
  if (specs.length > 0) addLayer(layout, digest, tar);
  return ['--build-context', `base=oci-layout://${layout}`];
}

let count = 0;

function addLayer(layout: string, digest: string, tar: Buffer): void {
  writeFileSync(blobFile(layout, digest), tar);
  const index = readJson(layout, 'index.json');
  const [entry] = index.manifests;
  const manifest = JSON.parse(readFileSync(blobFile(layout, entry.digest), 'utf8'));
  const mediaType = 'application/vnd.oci.image.layer.v1.tar';
  manifest.layers.push({ mediaType, digest, size: tar.length });
  const text = JSON.stringify(manifest);
  entry.digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  entry.size = Buffer.byteLength(text);
  writeFileSync(blobFile(layout, entry.digest), text);
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
}
