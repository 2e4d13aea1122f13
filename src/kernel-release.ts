/** Compares kernel releases such as `6.1.0-28-amd64` and `5.15.167.4-microsoft-standard-WSL2`. */

/** Undefined where the release is no number at all. */
export function isKernelAtLeast(
  { kernel }: { kernel: { release: string } },
  major: number,
  minor: number,
): boolean | undefined {
  const match = /^(\d+)\.(\d+)/.exec(kernel.release);
  if (!match) return undefined;
  const [ownMajor, ownMinor] = [Number(match[1]), Number(match[2])];
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
