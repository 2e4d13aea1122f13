/** The CPUs that a user names: `all`, `arm64`, `aarch64`, `linux/arm/v7`, `arm64,riscv64`. */
import { cpuOf, cpus } from '../binfmt/index.ts';
import { MpkitError } from '../errors.ts';
import { parsePlatform } from '../platform.ts';

/** In the table's order, each once. Throws `usage` for what no emulator of mpkit serves. */
export function architecturesOf(words: readonly string[]): string[] {
  const named = words.flatMap((word) => word.split(',')).filter((word) => word !== '');
  const wanted = new Set(named.flatMap((word) => (word === 'all' ? allOf() : [oneOf(word)])));
  return allOf().filter((each) => wanted.has(each));
}

/** A word that names a CPU as its OCI name; handler names and patterns stay. */
export function canonicalTarget(word: string): string {
  try {
    return oneOf(word);
  } catch {
    return word;
  }
}

function allOf(): string[] {
  return cpus.map(({ architecture }) => architecture);
}

function oneOf(word: string): string {
  const { os, architecture } = parsePlatform(word);
  if (os === 'linux' && cpuOf(architecture)) return architecture;
  throw new MpkitError('usage', `no emulator exists for \`${word}\``, {
    hint: `emulated are ${allOf().join(', ')}`,
  });
}
