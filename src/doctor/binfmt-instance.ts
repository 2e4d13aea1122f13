/** The binfmt_misc instance in force for this process, and what is registered in it. */
import { parseEntry, type RegisteredEntry } from '../binfmt/index.ts';
import type { HostFacts } from './facts.ts';
import { isKernelAtLeast } from './kernel-version.ts';
import { mountOf } from './mounts.ts';
import { isInitialNamespace } from './privilege.ts';

export const instanceFolder = '/proc/sys/fs/binfmt_misc';

export interface Instance {
  mounted: boolean;
  readOnly: boolean;
  /** Undefined where `status` cannot be read. */
  enabled: boolean | undefined;
  handlers: RegisteredEntry[];
  /** Names of handlers whose text nobody could read. */
  unreadable: string[];
  /** `unclear`: in a user namespace root's files of the host look like its own. */
  whose: 'host' | 'private' | 'unclear';
}

export function readInstance(host: HostFacts): Instance {
  // systemd mounts it when somebody looks
  host.file(`${instanceFolder}/status`);
  const mount = mountOf(host, instanceFolder);
  const mounted = mount?.target === instanceFolder && mount.type === 'binfmt_misc';
  const status = mounted ? host.read(`${instanceFolder}/status`)?.trim() : undefined;
  const instance: Instance = {
    mounted,
    readOnly: mounted && mount.options.includes('ro'),
    enabled: status === undefined ? undefined : status === 'enabled',
    handlers: [],
    unreadable: [],
    whose: whoseInstance(host),
  };
  for (const name of mounted ? host.names(instanceFolder) : []) {
    if (name === 'register' || name === 'status') continue;
    try {
      instance.handlers.push(parseEntry(name, host.read(`${instanceFolder}/${name}`) ?? ''));
    } catch {
      instance.unreadable.push(name);
    }
  }
  return instance;
}

/** Whether mpkit needs the host's handlers: where there can be no private ones. */
export function needsHostHandlers(host: HostFacts): boolean {
  const inside = host.trials?.inside;
  return inside ? inside.binfmt === 'host' : isKernelAtLeast(host, 6, 7) === false;
}

function whoseInstance(host: HostFacts): Instance['whose'] {
  if (isInitialNamespace(host) || isKernelAtLeast(host, 6, 7) === false) return 'host';
  const register = host.file(`${instanceFolder}/register`);
  return register?.uid === 65534 ? 'host' : register?.writable ? 'private' : 'unclear';
}
