/** The binfmt_misc instance in force for this process, what is registered in it, what is wrong. */
import {
  type Handlers,
  type HostFinding,
  type Instance,
  instanceOf,
  judgeInstance,
  readHandlers,
  thisHost,
} from '../binfmt/index.ts';
import { isKernelAtLeast } from '../kernel-release.ts';
import type { HostFacts } from './facts.ts';

export const instanceFolder = thisHost.instance;

export interface InstanceFacts extends Instance, Handlers {
  findings: HostFinding[];
}

export function readInstance(host: HostFacts): InstanceFacts {
  const instance = instanceOf(host);
  const found = instance.mounted ? readHandlers(host.view) : { handlers: [], unreadable: [] };
  return { ...instance, ...found, findings: judgeInstance(instance, found) };
}

/** Whether mpkit needs the host's handlers: where there can be no private ones. */
export function needsHostHandlers(host: HostFacts): boolean {
  const inside = host.trials?.inside;
  return inside ? inside.binfmt === 'host' : isKernelAtLeast(host, 6, 7) === false;
}
