/** The emulators of a store and their CPU models worth comparing, what is used unasked first. */
import {
  defaultCpu,
  type EmulatorRecord,
  isNative,
  type KeptChoices,
  usedEmulator,
  usedModel,
} from '../emulator/index.ts';
import type { Platform } from '../platform.ts';
import type { BenchTarget } from './bench.ts';

/** Has every feature that QEMU knows for a CPU; not each CPU has it. */
const richestModel = 'max';

export interface CandidateOptions {
  /** Without, every CPU of which there is more than one candidate. */
  platforms: readonly Platform[] | undefined;
  /** CPU models to compare beside the usual ones. */
  models: readonly string[];
  choices: KeptChoices;
}

/**
 * `emulators` as the store lists them: newest first. Each is compared as what it runs as, and with its
 * own default; only the one that is used also as `max`, because each candidate costs its time.
 */
export function candidatesOf(
  emulators: readonly EmulatorRecord[],
  options: CandidateOptions,
): BenchTarget[] {
  const of = (platform: Platform) => candidatesFor(platform, emulators, options);
  if (options.platforms) return options.platforms.flatMap(of);
  const stored = new Set(emulators.map(({ architecture }) => architecture));
  return [...stored]
    .map((architecture) => of({ os: 'linux', architecture }))
    .flatMap((candidates) => (candidates.length > 1 ? candidates : []));
}

function candidatesFor(
  platform: Platform,
  emulators: readonly EmulatorRecord[],
  { platforms, models, choices }: CandidateOptions,
): BenchTarget[] {
  const { architecture } = platform;
  const used = usedEmulator(emulators, architecture, choices);
  if (!used || isNative(platform)) return [];
  const others = emulators.filter((each) => each.architecture === architecture && each !== used);
  const usual = [used, ...others].flatMap((each): BenchTarget[] => {
    const own = [usedModel(each, choices[architecture]), usedModel(each, undefined), defaultCpu];
    const names = new Set([...own, ...models]);
    return [...names].map((cpu) => ({ platform, emulator: each.digest, cpu }));
  });
  // alone it makes no CPU worth measuring unasked
  if (usual.length === 1 && !platforms) return usual;
  return [...usual, { platform, emulator: used.digest, cpu: richestModel, isOptional: true }];
}
