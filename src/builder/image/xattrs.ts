/**
 * Which extended attributes are part of an image, and how their names and values differ between
 * the upper folder of an overlay, inside a user namespace, and a layer.
 */
import { getXattr, listXattrs, type Path } from '../../libc.ts';

/**
 * The attributes of a file as a layer stores them. Overlayfs keeps its own as `user.overlay.*` and
 * writes a user's attribute of such a name as `user.overlay.overlay.*`; `trusted.*` and security
 * labels belong to the host.
 */
export function layerXattrs(path: Path): Map<string, Buffer> | undefined {
  let found: Map<string, Buffer> | undefined;
  for (const stored of listXattrs(path)) {
    const name = stored.startsWith(escaped) ? overlay + stored.slice(escaped.length) : stored;
    if (stored.startsWith(overlay) && name === stored) continue;
    // PAX keys end at the first `=`
    if (!belongsInLayer(name) || name.includes('=')) continue;
    const value = getXattr(path, stored);
    if (!value) continue;
    found ??= new Map();
    found.set(name, name === capability ? withoutRootId(value) : value);
  }
  return found;
}

/** Whether a layer may say so about a file; `user.overlay.*` only on the way out. */
export function belongsInLayer(name: string): boolean {
  return name.startsWith('user.') || name === capability || name.startsWith('system.posix_acl_');
}

/** Whether a layer's attribute may be set while unpacking: overlayfs would obey its own. */
export function mayBeSet(name: string): boolean {
  return belongsInLayer(name) && !name.startsWith(overlay);
}

/** `user.overlay.opaque`=y: nothing of the lower layers shows through this directory. */
export function isOpaque(path: Path): boolean {
  return getXattr(path, 'user.overlay.opaque')?.toString('latin1') === 'y';
}

const overlay = 'user.overlay.';
const escaped = 'user.overlay.overlay.';
const capability = 'security.capability';

/** linux/capability.h: revision 3 is revision 2 and the namespace's root id at the end. */
function withoutRootId(value: Buffer): Buffer {
  const revision3 = value.length === 24 && value.readUInt32LE(0) >>> 24 === 3;
  if (!revision3) return value;
  const revision2 = Buffer.from(value.subarray(0, 20));
  revision2[3] = 2;
  return revision2;
}
