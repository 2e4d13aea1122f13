/**
 * Decides how each platform is run here, native or emulated, and by what; with `handlers.ts` the one
 * place that knows which interpreter is registered. A step asks for a runner and adds its
 * `environment` and `linux32` to itself.
 */
import { MpkitError } from '../errors.ts';
import { formatPlatform, hostPlatform, normalizePlatform, type Platform } from '../platform.ts';
import { checkLevel } from './cpu-level.ts';
import { defaultCpu } from './cpu-model.ts';
import { createHandlers, type HandlerFor, type HandlerOptions } from './handlers.ts';
import { keptChoice, keptChoices } from './kept.ts';
import { once } from './once.ts';
import { type ProbeResult, probe } from './probe.ts';
import type { EmulatorRecord } from './record.ts';
import type { Scratch } from './scratch.ts';
import { emulatorPath, listEmulators } from './store.ts';
import { usedEmulator, usedModel } from './used.ts';

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
      const choices = keptChoices(options.root);
      return {
        kind: 'emulated',
        emulator: usedEmulator(emulators, platform.architecture, choices),
      };
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
  const kept = keptChoice(options.root, architecture);
  const model = choice.cpu ?? (emulator && usedModel(emulator, kept));
  const cpu = model === defaultCpu ? undefined : model;
  const environment: Record<string, string> = cpu ? { QEMU_CPU: cpu } : {};
  const result = await probe(architecture, { ...options, environment });
  if (!result.passed || !result.machine) {
    const isKept = choice.cpu === undefined && kept?.digest === emulator?.digest;
    if (emulator) throw broken(platform, emulator, { ...options, choice, isKept, cpu, result });
    throw noHandler(platform, result.detail);
  }
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

function noHandler(platform: Platform, why: string): MpkitError {
  const name = formatPlatform(platform);
  return new MpkitError('no-emulator', `no handler of this host runs \`${name}\`: ${why}`, {
    hint: 'private handlers need Linux 6.7; on this kernel register emulators host-wide as root',
  });
}

function broken(
  platform: Platform,
  emulator: EmulatorRecord,
  facts: {
    root: string;
    choice: EmulatorChoice;
    /** It runs as somebody chose for always. */
    isKept: boolean;
    cpu: string | undefined;
    result: ProbeResult;
  },
): MpkitError {
  const { root, choice, isKept, cpu, result } = facts;
  const { architecture, version, digest } = emulator;
  const as = cpu !== undefined && (isKept || choice.cpu) ? ` as CPU \`${cpu}\`` : '';
  const hint = isKept
    ? `\`mpkit emulator choose ${architecture} --default\` takes back what was chosen`
    : as
      ? `\`${emulatorPath(root, emulator)} -cpu help\` lists the CPUs it knows`
      : `\`mpkit emulator rm ${digest.slice(7, 19)}\`, then \`mpkit emulator add\` fetches a good one`;
  return new MpkitError(
    'emulator-broken',
    `QEMU ${version} does not run \`${formatPlatform(platform)}\`${as} here: ${result.detail}`,
    { hint },
  );
}
