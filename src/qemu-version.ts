/**
 * QEMU's version numbers: `7.2.17`, `11.1`, `10.0.0-rc2`. Pure.
 */

export interface Version {
  major: number;
  minor: number;
  patch: number;
  /** The number of a release candidate; a final release has none. */
  candidate?: number;
}

/** Undefined for whatever is no version, also when one is only a part of the text. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:[-~]?rc(\d{1,3}))?$/.exec(text);
  if (!match) return undefined;
  const [, major, minor, patch = '0', candidate] = match;
  const version = { major: Number(major), minor: Number(minor), patch: Number(patch) };
  return candidate === undefined ? version : { ...version, candidate: Number(candidate) };
}

/** Negative where `a` is older; a candidate is older than its release, nonsense older than all. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [ranks(a), ranks(b)];
  for (const [n, rank] of left.entries()) if (rank !== right[n]) return rank - right[n]!;
  return 0;
}

/** Whether `version` begins with the whole numbers of `prefix`: `7.2.17` with `7.2`, not `7.2.1`. */
export function isVersionPrefix(prefix: string, version: string): boolean {
  if (!/^\d{1,4}(\.\d{1,4}){0,2}([-~]?rc\d{1,3})?$/.test(prefix)) return false;
  return version === prefix || version.startsWith(`${prefix}.`) || sameVersion(prefix, version);
}

export interface QemuBanner {
  /** What the program calls itself, for example `qemu-aarch64`. */
  program: string;
  version: string;
}

/** Reads the first line that QEMU's user emulators print for `--version`; undefined for others. */
export function parseBanner(output: string): QemuBanner | undefined {
  const match = /^(qemu-[a-z0-9_]{1,20}) version ([0-9][0-9a-z.~-]{1,30})(?:[ \n(]|$)/.exec(output);
  const [, program, version] = match ?? [];
  return program && version && parseVersion(version) ? { program, version } : undefined;
}

/** The QEMU version in a Debian package version: `1:10.0.0~rc2+ds-1` is `10.0.0-rc2`. */
export function upstreamVersion(packageVersion: string): string | undefined {
  const match = /^(?:\d+:)?(\d+(?:\.\d+)+)(?:~rc(\d+))?/.exec(packageVersion);
  if (!match) return undefined;
  return match[2] === undefined ? match[1] : `${match[1]}-rc${match[2]}`;
}

function sameVersion(a: string, b: string): boolean {
  return parseVersion(a) !== undefined && compareVersions(a, b) === 0;
}

function ranks(text: string): number[] {
  const version = parseVersion(text);
  if (!version) return [-1, 0, 0, 0];
  const { major, minor, patch, candidate = Number.POSITIVE_INFINITY } = version;
  return [major, minor, patch, candidate];
}
