/** Judges one program by its ELF header and by what it says when executed; names prove nothing. */
import { architectureOf, cpus, readElf } from '../../binfmt/index.ts';
import { MpkitError } from '../../errors.ts';
import { hostPlatform } from '../../platform.ts';
import { run } from '../../process.ts';
import { parseBanner } from '../../qemu-version.ts';

export interface Inspection {
  /** The OCI architecture that it emulates. */
  architecture: string;
  version: string;
}

/**
 * Accepts static QEMU user emulators for this host's CPU. `start` is executed instead of `path`
 * where both are the same program and `path` may lie where nothing can be executed. Throws
 * `emulator-broken` with what was found otherwise.
 */
export async function inspectProgram(
  path: string,
  { start = path, signal }: { start?: string; signal?: AbortSignal | undefined } = {},
): Promise<Inspection> {
  checkElf(path, start);
  const banner = parseBanner(await askVersion(start, signal));
  signal?.throwIfAborted();
  if (!banner) throw refused(start, 'does not answer `--version` as a QEMU user emulator does');
  const cpu = cpus.find(({ qemu }) => qemu.includes(banner.program));
  if (!cpu) throw refused(start, `is \`${banner.program}\`, which serves no platform of mpkit`);
  return { architecture: cpu.architecture, version: banner.version };
}

/** Throws `emulator-broken` unless the file is a static program for this host's CPU. */
export function checkElf(path: string, name = path): void {
  const facts = readElf(path);
  if (!facts) throw refused(name, 'is no ELF program');
  const { architecture } = hostPlatform();
  const found = architectureOf(facts) ?? `ELF machine ${facts.machine}`;
  if (found !== architecture) throw refused(name, `runs on ${found}, this host is ${architecture}`);
  if (facts.isStatic) return;
  throw refused(
    name,
    facts.interpreter === undefined
      ? 'cannot be started: it has no entry point'
      : `is dynamically linked: it needs \`${printable(facts.interpreter)}\``,
  );
}

const LIMITS = { timeout: 10_000, maxBuffer: 16_384, env: {}, extendEnv: false };

/** Whatever it prints; nothing where it cannot be executed, hangs or talks too much. */
async function askVersion(path: string, signal: AbortSignal | undefined): Promise<string> {
  const options = signal ? { ...LIMITS, cancelSignal: signal } : LIMITS;
  const answer = await run(path, ['--version'], options).catch(() => undefined);
  return answer?.exitCode === 0 ? answer.stdout : '';
}

function refused(path: string, why: string): MpkitError {
  return new MpkitError(
    'emulator-broken',
    `expected a static QEMU user emulator, but \`${printable(path)}\` ${why}`,
    {
      hint: '`mpkit emulator add` fetches static ones from Debian; packages: `qemu-user` since Debian 13, else `qemu-user-static`',
    },
  );
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
