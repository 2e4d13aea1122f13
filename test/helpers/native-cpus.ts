import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cpus } from '../../src/binfmt/index.ts';
import { probeFolder } from '../../src/paths.ts';
import { hostPlatform } from '../../src/platform.ts';
import { sandbox } from './private-host.ts';

/**
 * The CPUs whose programs this host runs by itself, the own one first: `386` beside `amd64` on most
 * kernels, not on those that run 64-bit programs only. Each was executed, where that can be without
 * the handlers of the host.
 */
export function nativeCpus(): string[] {
  const own = hostPlatform().architecture;
  const others = { amd64: ['386'], arm64: ['arm'] }[own as string] ?? [];
  return [own, ...others.filter(runsByItself)];
}

/** The others of mpkit's table. */
export function foreignCpus(): typeof cpus {
  const native = nativeCpus();
  return cpus.filter(({ architecture }) => !native.includes(architecture));
}

/** An empty binfmt_misc keeps the host's handlers out, wherever one can be had (Linux 6.7). */
function runsByItself(architecture: string): boolean {
  const apart = ['--binfmt'];
  return answers(architecture, answers(hostPlatform().architecture, apart) ? apart : []);
}

function answers(architecture: string, view: string[]): boolean {
  const path = join(probeFolder(), architecture);
  const words = ['view', ...view, '--', path, 'mpkit-probe', path];
  const { stdout } = spawnSync(sandbox(), words, { encoding: 'utf8' });
  return stdout.startsWith('mpkit-probe 1 ');
}
