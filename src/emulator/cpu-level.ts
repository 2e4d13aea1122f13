/** What a platform's variant promises of the CPU. */
import { readFileSync } from 'node:fs';
import { MpkitError } from '../errors.ts';
import type { Platform } from '../platform.ts';

/** The x86-64 psABI's levels: native by the CPU's flags, never more than the default emulated. */
export function checkLevel({ architecture, variant }: Platform, isNative: boolean): void {
  if (architecture !== 'amd64' || variant === undefined) return;
  const flags = new Set(
    /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(/\s+/),
  );
  for (const [level, needed] of levelFlags) {
    const missing = isNative ? needed.filter((flag) => !flags.has(flag)) : needed;
    if (missing.length > 0 && level !== 'v2')
      throw new MpkitError(
        'host-unable',
        `no support for running processes of \`linux/amd64/${variant}\` here: the CPU lacks ${missing.join(', ')}`,
      );
    if (level === variant) return;
  }
  throw new MpkitError('host-unable', `unknown amd64 level \`${variant}\``);
}

const levelFlags = new Map([
  ['v2', ['cx16', 'lahf_lm', 'popcnt', 'sse4_1', 'sse4_2', 'ssse3']],
  ['v3', ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe']],
  ['v4', ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl']],
]);
