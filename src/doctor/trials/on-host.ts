/**
 * Starts the probe program of each foreign CPU outside every namespace of mpkit's: what the
 * handlers of the host are worth, where a program lies and in an empty root folder.
 */
import { type Cpu, cpus, execute, failure, works } from '../../binfmt/index.ts';
import { hostPlatform } from '../../platform.ts';
import type { HostTrial } from './trial.ts';

export function tryOnHost(): Promise<HostTrial[]> {
  const own = hostPlatform().architecture;
  const native = own === 'amd64' ? [own, '386'] : [own];
  return Promise.all(cpus.filter(({ architecture }) => !native.includes(architecture)).map(tryOne));
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
