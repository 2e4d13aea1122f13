/**
 * Starts the probe program of each foreign CPU outside every namespace of mpkit's: what the
 * handlers of the host are worth, where a program lies and in an empty root folder.
 */
import {
  type Cpu,
  cpus,
  execute,
  failure,
  readHandlers,
  readInstance,
  thisHost,
  winnerOf,
  works,
} from '../../binfmt/index.ts';
import { hostPlatform } from '../../platform.ts';
import type { HostTrial } from './trial.ts';

export async function tryOnHost(): Promise<HostTrial[]> {
  const own = hostPlatform().architecture;
  const trials = await Promise.all(
    cpus.filter(({ architecture }) => architecture !== own).map(tryOne),
  );
  return trials.filter((trial) => !runsByItself(own, trial));
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

/** What a 64-bit CPU may run beside its own; kernels can refuse it, so that a handler is needed. */
const companions = new Map([
  ['amd64', '386'],
  ['arm64', 'arm'],
]);

function runsByItself(own: string, { architecture, plain }: HostTrial): boolean {
  if (!plain || companions.get(own) !== architecture) return false;
  const { mounted, enabled } = readInstance(thisHost);
  const handlers = mounted && enabled ? readHandlers(thisHost).handlers : [];
  return winnerOf(cpus.find((each) => each.architecture === architecture)!, handlers) === undefined;
}
