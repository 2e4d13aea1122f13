/** What a step's sandbox is made of: overlayfs, its own /proc, seccomp. */

import { isKernelAtLeast } from '../../kernel-release.ts';
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';
import { installCommand } from './ids.ts';

export const sandboxChecks: Check[] = [
  {
    id: 'overlay.userxattr',
    title: 'overlayfs in a user namespace, with userxattr (Linux 5.11)',
    run: (host) => [{ id: 'overlay.userxattr', ...judgeOverlay(host) }],
  },
  {
    id: 'sandbox.proc',
    title: 'steps see their own processes only',
    run: (host) =>
      host.trials?.inside || host.trials?.namespace.maskedProc !== undefined
        ? [{ id: 'sandbox.proc', ...judgeProc(host) }]
        : [],
  },
  {
    id: 'seccomp.filter',
    title: 'system calls can be filtered',
    run: (host) => [{ id: 'seccomp.filter', ...judgeSeccomp(host) }],
  },
  {
    id: 'network.helper',
    title: 'steps can have a network of their own',
    run: (host) => [{ id: 'network.helper', ...judgeNetwork(host) }],
  },
];

type Judgement = Omit<Finding, 'id'>;

function judgeOverlay(host: HostFacts): Judgement {
  const inside = host.trials?.inside;
  if (inside?.overlayError === '')
    return {
      result: 'ok',
      observed: 'mounted one on the state folder and replaced a folder of a lower layer',
    };
  const isOld = isKernelAtLeast(host, 5, 11) === false;
  const old = `Linux ${host.kernel.release} is older than 5.11`;
  if (inside?.overlayError.includes('ENODEV'))
    return {
      result: 'problem',
      observed: 'the kernel has no overlayfs, or it is a module that nobody loads',
      remedy: 'modprobe overlay',
    };
  if (inside)
    return {
      result: 'problem',
      observed: isOld ? old : inside.overlayError,
      remedy: isOld
        ? 'Upgrade the kernel to 5.11 or later'
        : 'Choose a state folder on ext4, xfs, btrfs or tmpfs with `--root` or MPKIT_ROOT',
    };
  return isOld
    ? { result: 'problem', observed: old, remedy: 'Upgrade the kernel to 5.11 or later' }
    : { result: 'cannot tell', observed: 'nobody could try to mount one' };
}

function judgeProc(host: HostFacts): Judgement {
  const { error, maskedProc } = host.trials?.namespace ?? {};
  if (maskedProc === undefined)
    return { result: 'ok', observed: 'the namespace has a /proc of its own' };
  return { result: 'problem', observed: error ?? '', remedy: maskedProc };
}

function judgeSeccomp(host: HostFacts): Judgement {
  const actions = host.read('/proc/sys/kernel/seccomp/actions_avail');
  if (actions === undefined) {
    const status = host.read('/proc/self/status');
    return status === undefined || /^Seccomp:/m.test(status)
      ? { result: 'cannot tell', observed: 'the kernel names no actions of seccomp' }
      : {
          result: 'problem',
          observed: 'this kernel has no seccomp',
          remedy: 'Install a kernel that has CONFIG_SECCOMP_FILTER',
        };
  }
  return / errno( |$)/.test(` ${actions.trim()}`)
    ? { result: 'ok', observed: `the kernel filters system calls` }
    : {
        result: 'problem',
        observed: 'seccomp cannot answer with an error',
        remedy: 'Upgrade the kernel to 4.14 or later',
      };
}

/** Only a network that pasta connected is called fine; without one `--network host` is the way. */
function judgeNetwork(host: HostFacts): Judgement {
  const tried = host.trials?.inside?.network;
  const pasta = host.find('pasta');
  if (tried === '') return { result: 'ok', observed: `\`${pasta ?? 'pasta'}\` connected one` };
  const loopback = "steps have a loopback only, or the host's network by `--network host`";
  if (!pasta)
    return {
      result: 'note',
      observed: `\`pasta\` is not installed: ${loopback}`,
      remedy: installCommand(host, 'passt'),
    };
  if (!host.file('/dev/net/tun'))
    return {
      result: 'note',
      observed: `\`${pasta}\` is there, /dev/net/tun is not: ${loopback}`,
      remedy: 'modprobe tun',
    };
  if (tried === undefined)
    return { result: 'cannot tell', observed: `nobody could try \`${pasta}\`` };
  if (tried.includes('may not open /dev/net/tun'))
    return {
      result: 'note',
      observed: `\`${pasta}\` may not open /dev/net/tun: ${loopback}`,
      remedy: 'chmod 666 /dev/net/tun',
    };
  return {
    result: 'warning',
    observed: `\`${pasta}\` does not connect a namespace: ${tried}`,
    remedy: 'Build with `--network host`, or install a newer `passt`',
  };
}
