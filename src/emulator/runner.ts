/**
 * Decides how each platform is run here, native or emulated, and by what; with `handlers.ts` the one
 * place that knows which interpreter is registered. A step asks for a runner and adds its
 * `environment`, `linux32` and `handlers` to itself.
 */
import type { PrivateHandler } from '../binfmt/index.ts';
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
  /** What a step registers for itself; empty where the CPU or a handler of the host runs it. */
  handlers: PrivateHandler[];
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
  const native = new Map<string, Promise<ProbeResult>>();
  const probeNative = (architecture: string) =>
    once(native, architecture, () =>
      probe(architecture, { ...options, linux32: architecture === '386' }),
    );
  return {
    get: (asked, choice = {}) => {
      const platform = normalizePlatform(asked);
      const key = JSON.stringify([formatPlatform(platform), choice.emulator, choice.cpu]);
      return once(made, key, () =>
        makeRunner(platform, choice, { ...options, handlerFor, probeNative }),
      );
    },
    forecast: async (platform) => {
      const { architecture } = platform;
      // a kernel may have 32-bit programs switched off
      const isSure = architecture === hostPlatform().architecture;
      if (isNative(platform) && (isSure || (await probeNative(architecture)).passed))
        return { kind: 'native' };
      const { emulators } = await listEmulators(options.root);
      const choices = keptChoices(options.root);
      return {
        kind: 'emulated',
        emulator: usedEmulator(emulators, architecture, choices),
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
  options: RunnerOptions & {
    handlerFor: HandlerFor;
    probeNative: (architecture: string) => Promise<ProbeResult>;
  },
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
    const result = await options.probeNative(architecture);
    if (result.passed && result.machine)
      return {
        platform,
        kind: 'native',
        machine: result.machine,
        environment: {},
        linux32,
        handlers: [],
      };
    if (architecture === hostPlatform().architecture)
      throw new MpkitError(
        'host-unable',
        `the sandbox cannot run this host's own programs: ${result.detail}`,
      );
  }
  const handler = await options.handlerFor(architecture, choice.emulator);
  const handlers = handler ? [handler.handler] : [];
  const emulator = handler?.emulator;
  const kept = keptChoice(options.root, architecture);
  const model = choice.cpu ?? (emulator && usedModel(emulator, kept));
  const cpu = model === defaultCpu ? undefined : model;
  const environment: Record<string, string> = cpu ? { QEMU_CPU: cpu } : {};
  const result = await probe(architecture, { ...options, environment, handlers });
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
    handlers,
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
