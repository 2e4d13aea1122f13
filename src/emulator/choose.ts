/** Which of several emulators to use. Pure and deterministic. */

import { compareVersions, isVersionPrefix } from '../qemu-version.ts';
import { type EmulatorRecord, hexOf } from './record.ts';

/**
 * The newest emulator of an architecture, or the newest of those that `wanted` names by version
 * (`7.2` means every 7.2.x) or by the beginning of a digest. Undefined where there is none.
 */
export function chooseEmulator(
  records: readonly EmulatorRecord[],
  architecture: string,
  wanted?: string,
): EmulatorRecord | undefined {
  return records
    .filter((record) => record.architecture === architecture)
    .filter((record) => wanted === undefined || isNamedBy(wanted, record))
    .sort(newestFirst)[0];
}

/** Newest version first; equal versions by digest, so that the order never depends on a folder's. */
export function newestFirst(a: Named, b: Named): number {
  return compareVersions(b.version, a.version) || (a.digest < b.digest ? -1 : 1);
}

/** Whether `wanted` is the version, a version it starts with, or the beginning of the digest. */
export function isNamedBy(wanted: string, record: Named): boolean {
  return isVersionPrefix(wanted, record.version) || isDigestPrefix(wanted, record.digest);
}

/** At least six digits: fewer would name too much by accident. */
export function isDigestPrefix(prefix: string, digest: string): boolean {
  const hex = hexOf(prefix.toLowerCase());
  return /^[0-9a-f]{6,64}$/.test(hex) && hexOf(digest).startsWith(hex);
}

type Named = Pick<EmulatorRecord, 'version' | 'digest'>;
