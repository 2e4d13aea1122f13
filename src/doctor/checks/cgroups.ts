/** Which cgroup version, and whether this user may limit anything with it. */
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';
import { readMounts } from '../mounts.ts';

export const cgroupCheck: Check = {
  id: 'cgroup.delegation',
  title: 'cgroup version and delegation',
  run: (host) => [{ id: 'cgroup.delegation', ...judge(host) }],
};

function judge(host: HostFacts): Omit<Finding, 'id'> {
  const mounts = readMounts(host).filter(({ target }) => target.startsWith('/sys/fs/cgroup'));
  const second = mounts.find(({ type }) => type === 'cgroup2');
  const first = mounts.some(({ type }) => type === 'cgroup');
  if (!second && !first)
    return { result: 'note', observed: 'no cgroup is mounted; builds work, limits do not' };
  if (!second || first)
    return {
      result: 'note',
      observed: `cgroup version ${second ? '1 with 2 beside it' : '1'}: nothing is delegated to users`,
    };
  const own = /^0::(.*)$/m.exec(host.read('/proc/self/cgroup') ?? '')?.[1];
  if (own === undefined) return { result: 'note', observed: 'cgroup version 2' };
  const folder = `${second.target}${own === '/' ? '' : own}`;
  const controllers = host.read(`${folder}/cgroup.controllers`)?.trim() || 'none';
  const delegated = host.file(`${folder}/cgroup.procs`)?.writable === true;
  return {
    result: delegated ? 'ok' : 'note',
    observed: `cgroup version 2, ${delegated ? `delegated to us (${controllers})` : 'not delegated to this user'}`,
  };
}
