/** The emulators of a store and their CPU models worth comparing, what is used unasked first. */
import { cpuModel, defaultCpu, type EmulatorRecord, isNative } from '../emulator/index.ts';
import type { Platform } from '../platform.ts';
import type { BenchTarget } from './bench.ts';

/**
 * `emulators` as the store lists them: newest first. Without `platforms` every CPU of which there is
 * more than one candidate.
 */
export function candidatesOf(
  emulators: readonly EmulatorRecord[],
  platforms: readonly Platform[] | undefined,
): BenchTarget[] {
  const of = (platform: Platform): BenchTarget[] =>
    isNative(platform)
      ? []
      : emulators
          .filter(({ architecture }) => architecture === platform.architecture)
          .flatMap(({ architecture, version, digest }) => {
            const model = cpuModel(architecture, version);
            const models = model === undefined ? [defaultCpu] : [model, defaultCpu];
            return models.map((cpu) => ({ platform, emulator: digest, cpu }));
          });
  if (platforms) return platforms.flatMap(of);
  const stored = new Set(emulators.map(({ architecture }) => architecture));
  return [...stored]
    .map((architecture) => of({ os: 'linux', architecture }))
    .flatMap((candidates) => (candidates.length > 1 ? candidates : []));
}
