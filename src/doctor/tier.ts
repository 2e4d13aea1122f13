/** How this host runs foreign programs: the best of three ways that works. Pure. */
import { claimedCpu, judgeEntry } from '../binfmt/index.ts';
import { isKernelAtLeast } from '../kernel-release.ts';
import { readInstance } from './binfmt-instance.ts';
import { namespaceObstacle } from './checks/user-namespaces.ts';
import type { HostFacts } from './facts.ts';

export interface Tier {
  name: 'private namespace' | 'host handlers' | 'none';
  /** One line: what it means here. */
  why: string;
  /** It was tried; else it follows from settings alone. */
  executed: boolean;
  /** What would lift the host to a better tier. */
  remedy?: string;
}

export function tierOf(host: HostFacts): Tier {
  const { trials } = host;
  return trials ? { ...tried(host), executed: true } : { ...predicted(host), executed: false };
}

type Judged = Omit<Tier, 'executed'>;

function tried(host: HostFacts): Judged {
  const entered = host.trials?.inside;
  const inside = entered?.overlayError === '' ? entered : undefined;
  if (inside?.binfmt === 'private')
    return {
      name: 'private namespace',
      why: 'builds have handlers of their own and need neither root nor the host',
    };
  if (inside?.platforms.some(({ ran, kind }) => ran && kind === 'emulated'))
    return {
      name: 'host handlers',
      why: 'builds use the handlers of the host: this kernel has no private ones',
    };
  const foreign = host.trials?.host.some(({ bare, plain }) => bare || plain);
  if (foreign && !inside)
    return {
      name: 'host handlers',
      why: 'foreign programs run on the host, but mpkit can make no sandbox to build in',
    };
  if (entered && !inside) return { name: 'none', why: 'no sandbox can be made without overlayfs' };
  return noTier(host, inside !== undefined);
}

function predicted(host: HostFacts): Judged {
  const canEnter = namespaceObstacle(host) === undefined;
  if (canEnter && isKernelAtLeast(host, 6, 7))
    return { name: 'private namespace', why: 'the kernel is new enough, and nothing forbids it' };
  const { enabled, handlers } = readInstance(host);
  const good = handlers.filter(claimedCpu).filter((entry) => {
    const findings = judgeEntry(entry, host.interpreter(entry.interpreter));
    return findings.every(({ severity }) => severity === 'note');
  });
  if (enabled && good.length > 0)
    return {
      name: 'host handlers',
      why: `${good.length} handler${good.length === 1 ? '' : 's'} of the host, not executed`,
    };
  return noTier(host, canEnter);
}

function noTier(host: HostFacts, canEnter: boolean): Judged {
  const isNew = isKernelAtLeast(host, 6, 7);
  const { maskedProc, error } = host.trials?.namespace ?? {};
  if (maskedProc !== undefined) return { name: 'none', why: error ?? '', remedy: maskedProc };
  if (host.trials?.namespace.stateRefused)
    return { name: 'none', why: `nothing can be built in ${host.state.folder}` };
  if (!canEnter)
    return {
      name: 'none',
      why: 'no user namespace can be made, and no handler of the host works',
    };
  return {
    name: 'none',
    why: isNew
      ? 'this kernel has no binfmt_misc for a namespace, and no handler of the host works'
      : 'private handlers need Linux 6.7, and no handler of the host works',
    remedy: 'mpkit binfmt install all',
  };
}
