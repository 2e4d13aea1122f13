/** The emulators of a store and their CPU models worth comparing, what is used unasked first. */
import { cpuModel, defaultCpu, type EmulatorRecord, isNative } from '../emulator/index.ts';
import type { Platform } from '../platform.ts';
import type { BenchTarget } from './bench.ts';

/** `emulators` as the store lists them: newest first. */
export function candidatesOf(
  emulators: readonly EmulatorRecord[],
  platforms: readonly Platform[] | undefined,
): BenchTarget[] {
  const asked =
    platforms ??
    [...new Set(emulators.map(({ architecture }) => architecture))].map((architecture) => ({
      os: 'linux',
      architecture,
    }));
  return asked
    .filter((platform) => !isNative(platform))
    .flatMap((platform) =>
      emulators
        .filter(({ architecture }) => architecture === platform.architecture)
        .flatMap(({ architecture, version, digest }) => {
          const model = cpuModel(architecture, version);
          const models = model === undefined ? [defaultCpu] : [model, defaultCpu];
          return models.map((cpu) => ({ platform, emulator: digest, cpu }));
        }),
    );
}
