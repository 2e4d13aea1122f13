/** User namespaces by really making one; where that fails, which of the usual locks it is. */
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';
import { CAP_SYS_ADMIN, hasCapability, isFiltered } from '../privilege.ts';

export const userNamespaceChecks: Check[] = [
  {
    id: 'userns.create',
    title: 'a user namespace can be made',
    run: (host) => [{ id: 'userns.create', ...judge(host) }],
  },
  {
    id: 'userns.apparmor',
    title: "AppArmor's restriction (Ubuntu 23.10 and later)",
    run: (host) => restriction(host, 'userns.apparmor', isConfined(host), apparmor),
  },
  {
    id: 'userns.limit',
    title: 'the limit of user namespaces',
    run: (host) => restriction(host, 'userns.limit', limitOf(host) === 0, limit),
  },
  {
    id: 'userns.unprivileged',
    title: 'ordinary users may make them (Debian 10, hardened kernels)',
    run: (host) => restriction(host, 'userns.unprivileged', isForbidden(host), forbidden),
  },
  {
    id: 'userns.seccomp',
    title: "a container's system call filter",
    run: (host) => restriction(host, 'userns.seccomp', isBlockedByFilter(host), filter),
  },
];

/** What the settings alone say; execution has the last word. */
export function namespaceObstacle(host: HostFacts): string | undefined {
  if (host.file('/proc/self/ns/user') === undefined && host.file('/proc/self') !== undefined)
    return 'this kernel has no user namespaces';
  if (limitOf(host) === 0) return limit.observed;
  if (isBlockedByFilter(host)) return filter.observed;
  if (isForbidden(host)) return forbidden.observed;
  if (isConfined(host)) return apparmor.observed;
  return undefined;
}

type Judgement = Omit<Finding, 'id'>;

function judge(host: HostFacts): Judgement {
  const trial = host.trials?.namespace;
  const obstacle = namespaceObstacle(host);
  if (!trial)
    return { result: 'cannot tell', observed: obstacle ?? 'nothing forbids it; nobody tried here' };
  if (trial.made) return { result: 'ok', observed: 'made one, with its own mounts and processes' };
  if (trial.maskedProc !== undefined)
    return { result: 'ok', observed: 'made one; what keeps it from its own /proc is told below' };
  if (trial.stateRefused)
    return {
      result: 'cannot tell',
      observed: obstacle ?? 'nothing forbids it; the state folder kept us from trying',
    };
  return {
    result: 'problem',
    observed: `${trial.error ?? 'failed'}; ${obstacle ?? 'no known setting forbids it'}`,
    remedy: obstacle
      ? 'Lift the restriction that is named below'
      : 'Look for a security module or a system call filter in `dmesg`',
  };
}

interface Restriction {
  observed: string;
  remedy: string;
}

const apparmor: Restriction = {
  observed: 'AppArmor takes the rights of user namespaces away from ordinary users',
  remedy: 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
};
const limit: Restriction = {
  observed: 'user.max_user_namespaces is 0',
  remedy: 'sysctl -w user.max_user_namespaces=15000',
};
const forbidden: Restriction = {
  observed: 'kernel.unprivileged_userns_clone is 0',
  remedy: 'sysctl -w kernel.unprivileged_userns_clone=1',
};
const filter: Restriction = {
  observed: "this container's seccomp filter, Docker's for example, forbids user namespaces",
  remedy: 'docker run --security-opt seccomp=unconfined ...',
};

/** Nothing is said of a lock that does not exist; one that did not hold us is only a note. */
function restriction(
  host: HostFacts,
  id: string,
  active: boolean,
  { observed, remedy }: Restriction,
): Finding[] {
  if (!active) return [];
  const passed = host.trials?.namespace.made;
  if (passed) return [{ id, result: 'note', observed: `${observed}, yet one could be made here` }];
  return [{ id, result: 'problem', observed, remedy }];
}

function isConfined(host: HostFacts): boolean {
  if (host.user.uid === 0 && hasCapability(host, CAP_SYS_ADMIN) !== false) return false;
  return sysctl(host, 'kernel/apparmor_restrict_unprivileged_userns') === 1;
}

function limitOf(host: HostFacts): number | undefined {
  return sysctl(host, 'user/max_user_namespaces');
}

function isForbidden(host: HostFacts): boolean {
  return host.user.uid !== 0 && sysctl(host, 'kernel/unprivileged_userns_clone') === 0;
}

/** Docker's profile permits clone with namespaces only to who has CAP_SYS_ADMIN. */
function isBlockedByFilter(host: HostFacts): boolean {
  return isInContainer(host) && isFiltered(host) && hasCapability(host, CAP_SYS_ADMIN) === false;
}

/** Browsers, systemd services and sshd filter too: only a container's filter is meant. */
function isInContainer(host: HostFacts): boolean {
  return host.file('/.dockerenv') !== undefined || host.file('/run/.containerenv') !== undefined;
}

function sysctl(host: HostFacts, name: string): number | undefined {
  const text = host.read(`/proc/sys/${name}`)?.trim();
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}
