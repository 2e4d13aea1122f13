/** Which platforms this CPU runs by itself: by its flags, less what was tried in vain. */
import type { HostFacts } from '../facts.ts';
import type { Check } from '../finding.ts';

export const cpuCheck: Check = {
  id: 'cpu.native',
  title: 'what the CPU runs without an emulator',
  run: (host) => [
    {
      id: 'cpu.native',
      result: 'ok',
      observed: `${host.kernel.machine}: ${nativePlatforms(host).join(', ')}`,
    },
  ],
};

/** Kernels may refuse the 32-bit programs that the CPU itself would run. */
function nativePlatforms(host: HostFacts): string[] {
  const tried = host.trials?.inside?.platforms ?? [];
  const refused = new Set(
    tried.filter(({ kind }) => kind !== 'native').map((each) => architectureOf(each.platform)),
  );
  return nativeByFlags(host).filter((platform) => !refused.has(architectureOf(platform)));
}

function architectureOf(platform: string): string {
  return platform.split('/')[1]!;
}

/** Not executed yet. */
export function nativeByFlags(host: HostFacts): string[] {
  const { machine } = host.kernel;
  const cpuinfo = host.read('/proc/cpuinfo') ?? '';
  if (machine === 'x86_64') return ['linux/amd64', ...amd64Levels(cpuinfo), 'linux/386'];
  if (machine !== 'aarch64') return [others.get(machine) ?? `unknown CPU \`${machine}\``];
  // EL0 of many newer server CPUs has no 32-bit mode; the kernel lists its features where it has
  const has32 = /^Features\s*:.*\b(swp|half|thumb|vfpv3)\b/m.test(cpuinfo);
  return ['linux/arm64', ...(has32 ? ['linux/arm/v7', 'linux/arm/v6'] : [])];
}

const others = new Map([
  ['riscv64', 'linux/riscv64'],
  ['ppc64le', 'linux/ppc64le'],
  ['s390x', 'linux/s390x'],
  ['loongarch64', 'linux/loong64'],
  ['armv7l', 'linux/arm/v7'],
  ['i686', 'linux/386'],
]);

/** The x86-64 psABI's levels by the kernel's names of the flags. */
const levels: [level: string, flags: string[]][] = [
  ['v2', ['cx16', 'lahf_lm', 'popcnt', 'sse4_1', 'sse4_2', 'ssse3']],
  ['v3', ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe']],
  ['v4', ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl']],
];

function amd64Levels(cpuinfo: string): string[] {
  const own = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/));
  const missing = levels.findIndex(([, flags]) => !flags.every((flag) => own.has(flag)));
  const reached = levels.slice(0, missing < 0 ? undefined : missing);
  return reached.map(([level]) => `linux/amd64/${level}`);
}
