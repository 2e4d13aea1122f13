/**
 * Starts the probe program of every other CPU outside every namespace of mpkit's: what the
 * handlers of the host are worth, where a program lies and in an empty root folder. Whether a
 * 32-bit one needs a handler is known by trying inside, where the host's can be kept out.
 */
import { type Cpu, cpus, execute, failure, works } from '../../binfmt/index.ts';
import { hostPlatform } from '../../platform.ts';
import type { HostTrial } from './trial.ts';

export function tryOnHost(): Promise<HostTrial[]> {
  const own = hostPlatform().architecture;
  return Promise.all(cpus.filter(({ architecture }) => architecture !== own).map(tryOne));
}

async function tryOne(cpu: Cpu): Promise<HostTrial> {
  const tried = await execute(cpu);
  const { here, empty } = tried;
  return {
    architecture: cpu.architecture,
    plain: here.passed,
    bare: works(tried),
    detail: works(tried) ? empty.detail : failure(tried),
  };
}
