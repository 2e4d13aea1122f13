/**
 * Decides how each platform is run here, native or emulated, and by what; the one place that knows
 * which interpreter the private binfmt instance registers. A step asks for a runner and adds its
 * `environment` and `linux32` to itself.
 */
import { readFileSync } from 'node:fs';
import { hasPrivateInstance, registerPrivate } from '../binfmt/index.ts';
import { MpkitError } from '../errors.ts';
import { formatPlatform, hostPlatform, normalizePlatform, type Platform } from '../platform.ts';
import { ensureEmulator } from './catalog.ts';
import { chooseEmulator } from './choose.ts';
import { cpuModel } from './cpu-model.ts';
import { probe } from './probe.ts';
import type { EmulatorRecord } from './record.ts';
import type { Scratch } from './scratch.ts';
import { listEmulators, readEmulator } from './store.ts';

export interface Runner {
  platform: Platform;
  kind: 'native' | 'emulated';
  emulator?: EmulatorRecord;
  /** What `uname -m` said when its probe ran. */
  machine: string;
  environment: Record<string, string>;
  linux32: boolean;
}

/** What the plan can say before anything is fetched or executed. */
export interface Forecast {
  kind: 'native' | 'emulated';
  emulator?: EmulatorRecord | undefined;
}

export interface Runners {
  /** Fetches, registers and probes as needed, once for each platform. */
  get: (platform: Platform) => Promise<Runner>;
  forecast: (platform: Platform) => Promise<Forecast>;
}

export interface RunnerOptions {
  root: string;
  scratch: Scratch;
  /** Nothing is fetched: what is in the store or on the host must do. */
  offline: boolean;
  onProgress: (text: string) => void;
  signal?: AbortSignal | undefined;
}

export function createRunners(options: RunnerOptions): Runners {
  const made = new Map<string, Promise<Runner>>();
  const handlers = new Map<string, Promise<EmulatorRecord | undefined>>();
  const handlerFor = (architecture: string) =>
    once(handlers, architecture, () => installHandler(architecture, options));
  return {
    get: (platform) =>
      once(made, formatPlatform(normalizePlatform(platform)), () =>
        makeRunner(normalizePlatform(platform), options, handlerFor),
      ),
    forecast: async (platform) => {
      if (isNative(platform)) return { kind: 'native' };
      const { emulators } = await listEmulators(options.root);
      return { kind: 'emulated', emulator: chooseEmulator(emulators, platform.architecture) };
    },
  };
}

/** Whether the kernel runs it by itself; 386 on amd64 is still probed before it is believed. */
function isNative(platform: Platform): boolean {
  const host = hostPlatform();
  const { architecture } = platform;
  return (
    architecture === host.architecture || (architecture === '386' && host.architecture === 'amd64')
  );
}

type HandlerFor = (architecture: string) => Promise<EmulatorRecord | undefined>;

async function makeRunner(
  platform: Platform,
  options: RunnerOptions,
  handlerFor: HandlerFor,
): Promise<Runner> {
  const { architecture } = platform;
  if (platform.os !== 'linux')
    throw new MpkitError(
      'no-emulator',
      `cannot run \`${formatPlatform(platform)}\`: only linux is`,
    );
  checkLevel(platform);
  if (isNative(platform)) {
    const linux32 = architecture === '386';
    const result = await probe(architecture, { ...options, linux32 });
    if (result.passed && result.machine)
      return { platform, kind: 'native', machine: result.machine, environment: {}, linux32 };
    if (architecture === hostPlatform().architecture)
      throw new MpkitError(
        'host-unable',
        `the sandbox cannot run this host's own programs: ${result.detail}`,
      );
  }
  const emulator = await handlerFor(architecture);
  const model = emulator && cpuModel(architecture, emulator.version);
  const environment: Record<string, string> = model ? { QEMU_CPU: model } : {};
  const result = await probe(architecture, { ...options, environment });
  if (!result.passed || !result.machine) throw broken(platform, emulator, result.detail);
  return {
    platform,
    kind: 'emulated',
    ...(emulator ? { emulator } : {}),
    machine: result.machine,
    environment,
    linux32: false,
  };
}

/** undefined: this kernel has no private instances, so the host's handlers must serve. */
async function installHandler(
  architecture: string,
  options: RunnerOptions,
): Promise<EmulatorRecord | undefined> {
  if (!hasPrivateInstance()) return undefined;
  const { root, offline, onProgress, signal } = options;
  const record = await ensureEmulator(root, architecture, { offline, onProgress, signal });
  registerPrivate(architecture, await readEmulator(root, record));
  return record;
}

function broken(platform: Platform, emulator: EmulatorRecord | undefined, why: string): MpkitError {
  const name = formatPlatform(platform);
  if (!emulator)
    return new MpkitError('no-emulator', `no handler of this host runs \`${name}\`: ${why}`, {
      hint: 'private handlers need Linux 6.7; on this kernel register emulators host-wide as root',
    });
  return new MpkitError(
    'emulator-broken',
    `emulator QEMU ${emulator.version} does not run \`${name}\` here: ${why}`,
    {
      hint: `\`mpkit emulator rm ${emulator.digest.slice(7, 19)}\`, then \`mpkit emulator add\` fetches a good one`,
    },
  );
}

const levelFlags = new Map([
  ['v2', ['cx16', 'lahf_lm', 'popcnt', 'sse4_1', 'sse4_2', 'ssse3']],
  ['v3', ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe']],
  ['v4', ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl']],
]);

/** The x86-64 psABI's levels: native by the CPU's flags, never more than the default emulated. */
function checkLevel({ architecture, variant }: Platform): void {
  if (architecture !== 'amd64' || variant === undefined) return;
  const flags = new Set(
    /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(/\s+/),
  );
  for (const [level, needed] of levelFlags) {
    const missing = isNative({ os: 'linux', architecture })
      ? needed.filter((flag) => !flags.has(flag))
      : needed;
    if (missing.length > 0 && level !== 'v2')
      throw new MpkitError(
        'host-unable',
        `no support for running processes of \`linux/amd64/${variant}\` here: the CPU lacks ${missing.join(', ')}`,
      );
    if (level === variant) return;
  }
  throw new MpkitError('host-unable', `unknown amd64 level \`${variant}\``);
}

/** Runs `make` once for each key; the promise is shared, a failure too. */
function once<T>(made: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = made.get(key);
  if (known) return known;
  const promise = make();
  made.set(key, promise);
  return promise;
}
