/**
 * Starts the probe program of each foreign CPU outside every namespace of mpkit's: what the
 * handlers of the host are worth, where a program lies and in an empty root folder.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MpkitError } from '../../errors.ts';
import { probeFolder, sandboxProgram } from '../../paths.ts';
import { hostPlatform } from '../../platform.ts';
import { type CommandResult, run } from '../../process.ts';
import type { HostTrial } from './trial.ts';

export async function tryOnHost(): Promise<HostTrial[]> {
  const own = hostPlatform().architecture;
  const native = own === 'amd64' ? [own, '386'] : [own];
  const folder = mkdtempSync(join(tmpdir(), 'mpkit-doctor-'));
  try {
    const root = join(folder, 'root');
    mkdirSync(root, { mode: 0o755 });
    const architectures = readdirSync(probeFolder()).filter((name) => !native.includes(name));
    for (const name of architectures) copyFileSync(join(probeFolder(), name), join(root, name));
    return await Promise.all(architectures.map((name) => tryOne(name, root)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tryOne(architecture: string, root: string): Promise<HostTrial> {
  const plain = await execute([], join(root, architecture));
  if (!passed(plain)) return { architecture, plain: false, bare: false, detail: why(plain) };
  const bare = await execute(['--chroot', root], `/${architecture}`);
  return { architecture, plain: true, bare: passed(bare), detail: why(bare) };
}

function execute(view: string[], program: string): Promise<CommandResult> {
  const words = ['view', ...view, '--', program, 'mpkit-probe', program];
  const limits = { timeout: 10_000, maxBuffer: 65_536 };
  return run(sandboxProgram(), words, limits).catch((error: unknown) => {
    if (!(error instanceof MpkitError)) throw error;
    return { exitCode: 127, stdout: '', stderr: error.message };
  });
}

/**
 * argv[0] may be lost (status 10): most handlers have no flag P, and few programs ask for it.
 */
function passed({ exitCode, stdout }: CommandResult): boolean {
  return (exitCode === 0 || exitCode === 10) && /^mpkit-probe 1 machine=/m.test(stdout);
}

function why(result: CommandResult): string {
  if (passed(result)) return result.stdout.trim().replaceAll(/[^ -~]+/g, ' ');
  const errno = Number(/"errno":(\d+)/.exec(result.stderr)?.[1] ?? 0);
  if (errno === 8) return 'exec format error';
  if (errno === 2) return 'its interpreter is not found there';
  if (errno !== 0) return `error ${errno} of the kernel`;
  const words = `${result.stdout} ${result.stderr}`.replaceAll(/[^ -~]+/g, ' ').trim();
  return `exit status ${result.exitCode}${words ? `: ${words.slice(0, 120)}` : ''}`;
}
