/** How a user names an image of this machine: a layout as folder or archive, or one of the store. */
import { MpkitError } from '../../errors.ts';
import { type Digest, isDigest, parseDigest } from './digest.ts';
import { isTagName } from './reference.ts';

export type ImageSource =
  | { kind: 'folder' | 'archive'; path: string; reference?: string }
  | { kind: 'stored'; digest: Digest };

/** What `parseImageSource` takes, for messages. */
export const imageSourceWords =
  'oci-layout://DIR[:TAG], oci:DIR[:TAG], oci-archive:FILE[:TAG] or sha256:DIGEST';

/** Undefined where the text names no such image; throws `usage` or `invalid-image` for a bad one. */
export function parseImageSource(text: string): ImageSource | undefined {
  if (isDigest(text)) return { kind: 'stored', digest: text };
  const found = prefixes.find(([prefix]) => text.startsWith(prefix));
  if (!found) return undefined;
  const [prefix, kind] = found;
  const place = text.slice(prefix.length);
  if (place === '')
    throw new MpkitError('usage', `invalid image \`${text}\`: expected ${imageSourceWords}`);
  return { kind, ...splitReference(place, text) };
}

/** `oci-layout://DIR[:tag|@digest]`; a DIR that holds `:` needs a tag or digest after it. */
export function parseLayoutUrl(url: string): { folder: string; reference?: string } {
  const place = url.slice('oci-layout://'.length);
  if (!url.startsWith('oci-layout://') || place === '')
    throw new MpkitError('usage', `invalid layout \`${url}\`: expected \`oci-layout://DIR[:tag]\``);
  const { path, ...reference } = splitReference(place, url);
  return { folder: path, ...reference };
}

const prefixes = [
  ['oci-layout://', 'folder'],
  ['oci-archive:', 'archive'],
  ['oci:', 'folder'],
] as const;

function splitReference(place: string, whole: string): { path: string; reference?: string } {
  const at = place.lastIndexOf('@sha256:');
  if (at > 0) return { path: place.slice(0, at), reference: parseDigest(place.slice(at + 1)) };
  const colon = place.lastIndexOf(':');
  if (colon > place.lastIndexOf('/')) {
    const tag = place.slice(colon + 1);
    if (!isTagName(tag)) throw new MpkitError('usage', `invalid tag \`${tag}\` in \`${whole}\``);
    return { path: place.slice(0, colon), reference: tag };
  }
  return { path: place };
}
