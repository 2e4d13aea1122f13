/**
 * Decides how each platform is run here, native or emulated, and by what; with `handlers.ts` the one
 * place that knows which interpreter is registered. A step asks for a runner and adds its
 * `environment` and `linux32` to itself.
 */
import { cpuOf } from '../binfmt/index.ts';
import { MpkitError } from '../errors.ts';
import { formatPlatform, hostPlatform, normalizePlatform, type Platform } from '../platform.ts';
import { chooseEmulator } from './choose.ts';
import { checkLevel } from './cpu-level.ts';
import { cpuModel } from './cpu-model.ts';
import { createHandlers, type HandlerFor, type HandlerOptions } from './handlers.ts';
import { keptChoice } from './kept.ts';
import { once } from './once.ts';
import { probe } from './probe.ts';
import type { EmulatorRecord } from './record.ts';
import type { Scratch } from './scratch.ts';
import { listEmulators } from './store.ts';

export interface Runner {
  platform: Platform;
  kind: 'native' | 'emulated';
  emulator?: EmulatorRecord;
  /** What `uname -m` said when its probe ran. */
  machine: string;
  environment: Record<string, string>;
  linux32: boolean;
  /**
   * Registers its emulator in the place of another one of the same CPU. Only who compares several
   * in turn needs to call it, before each step.
   */
  engage: () => Promise<void>;
}

/** Another emulator or CPU model than the one that is used unasked. */
export interface EmulatorChoice {
  /** A version, the beginning of one, or the beginning of a digest. */
  emulator?: string | undefined;
  /** For QEMU_CPU; `defaultCpu` leaves it to the emulator. */
  cpu?: string | undefined;
}

/** The CPU model that an emulator has by itself. */
export const defaultCpu = 'default';

/** What the plan can say before anything is fetched or executed. */
export interface Forecast {
  kind: 'native' | 'emulated';
  emulator?: EmulatorRecord | undefined;
}

export interface Runners {
  /** Fetches, registers and probes as needed, once for each platform and choice. */
  get: (platform: Platform, choice?: EmulatorChoice) => Promise<Runner>;
  forecast: (platform: Platform) => Promise<Forecast>;
}

export interface RunnerOptions extends HandlerOptions {
  scratch: Scratch;
}

export function createRunners(options: RunnerOptions): Runners {
  const made = new Map<string, Promise<Runner>>();
  const handlerFor = createHandlers(options);
  return {
    get: (asked, choice = {}) => {
      const platform = normalizePlatform(asked);
      const key = JSON.stringify([formatPlatform(platform), choice.emulator, choice.cpu]);
      return once(made, key, () => makeRunner(platform, choice, { ...options, handlerFor }));
    },
    forecast: async (platform) => {
      if (isNative(platform)) return { kind: 'native' };
      const { emulators } = await listEmulators(options.root);
      const { architecture } = platform;
      const kept = keptChoice(options.root, architecture);
      const chosen = kept && chooseEmulator(emulators, architecture, kept.digest);
      return { kind: 'emulated', emulator: chosen ?? chooseEmulator(emulators, architecture) };
    },
  };
}

/** Whether the kernel runs it by itself; 386 on amd64 is still probed before it is believed. */
export function isNative(platform: Platform): boolean {
  const host = hostPlatform();
  const { architecture } = platform;
  return (
    architecture === host.architecture || (architecture === '386' && host.architecture === 'amd64')
  );
}

async function makeRunner(
  platform: Platform,
  choice: EmulatorChoice,
  options: RunnerOptions & { handlerFor: HandlerFor },
): Promise<Runner> {
  const { architecture } = platform;
  if (platform.os !== 'linux')
    throw new MpkitError(
      'no-emulator',
      `cannot run \`${formatPlatform(platform)}\`: only linux is`,
    );
  checkLevel(platform, isNative(platform));
  if (isNative(platform)) {
    const linux32 = architecture === '386';
    const result = await probe(architecture, { ...options, linux32 });
    const engage = async () => {};
    if (result.passed && result.machine)
      return {
        platform,
        kind: 'native',
        machine: result.machine,
        environment: {},
        linux32,
        engage,
      };
    if (architecture === hostPlatform().architecture)
      throw new MpkitError(
        'host-unable',
        `the sandbox cannot run this host's own programs: ${result.detail}`,
      );
  }
  const handler = await options.handlerFor(architecture, choice.emulator);
  await handler?.engage();
  const emulator = handler?.emulator;
  const model = choice.cpu ?? (emulator && modelFor(emulator, options.root));
  const environment: Record<string, string> =
    model && model !== defaultCpu ? { QEMU_CPU: model } : {};
  const result = await probe(architecture, { ...options, environment });
  if (!result.passed || !result.machine)
    throw broken(platform, { emulator, cpu: choice.cpu, why: result.detail });
  return {
    platform,
    kind: 'emulated',
    ...(emulator ? { emulator } : {}),
    machine: result.machine,
    environment,
    linux32: false,
    engage: handler?.engage ?? (async () => {}),
  };
}

/** What somebody kept for exactly this emulator, else what the table says. */
function modelFor({ architecture, version, digest }: EmulatorRecord, root: string) {
  const kept = keptChoice(root, architecture);
  return kept?.digest === digest ? kept.cpu : cpuModel(architecture, version);
}

function broken(
  platform: Platform,
  {
    emulator,
    cpu,
    why,
  }: { emulator: EmulatorRecord | undefined; cpu: string | undefined; why: string },
): MpkitError {
  const name = formatPlatform(platform);
  if (!emulator)
    return new MpkitError('no-emulator', `no handler of this host runs \`${name}\`: ${why}`, {
      hint: 'private handlers need Linux 6.7; on this kernel register emulators host-wide as root',
    });
  if (cpu !== undefined && cpu !== defaultCpu)
    return new MpkitError(
      'emulator-broken',
      `QEMU ${emulator.version} does not run \`${name}\` as CPU \`${cpu}\`: ${why}`,
      { hint: `\`${cpuOf(platform.architecture)?.qemu[0]} -cpu help\` lists the CPUs it knows` },
    );
  return new MpkitError(
    'emulator-broken',
    `emulator QEMU ${emulator.version} does not run \`${name}\` here: ${why}`,
    {
      hint: `\`mpkit emulator rm ${emulator.digest.slice(7, 19)}\`, then \`mpkit emulator add\` fetches a good one`,
    },
  );
}
