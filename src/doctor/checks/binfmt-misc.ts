/** binfmt_misc itself: in the kernel, mounted, readable, writable, enabled, and whose it is. */
import type { HostFinding } from '../../binfmt/index.ts';
import {
  type InstanceFacts,
  instanceFolder,
  needsHostHandlers,
  readInstance,
} from '../binfmt-instance.ts';
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';

export const binfmtMiscChecks: Check[] = [
  {
    id: 'binfmt.support',
    title: 'the kernel knows binfmt_misc',
    run: (host) => [{ id: 'binfmt.support', ...support(host) }],
  },
  {
    id: 'binfmt.mounted',
    title: 'binfmt_misc is mounted',
    run: (host) => [{ id: 'binfmt.mounted', ...mounted(host) }],
  },
  {
    id: 'binfmt.access',
    title: 'handlers can be read, and registered by root',
    run: (host) =>
      whereMounted(host, (instance) => ({ id: 'binfmt.access', ...access(host, instance) })),
  },
  {
    id: 'binfmt.enabled',
    title: 'handlers are switched on',
    run: (host) =>
      whereMounted(host, (instance) => ({ id: 'binfmt.enabled', ...enabled(instance) })),
  },
  {
    id: 'binfmt.instance',
    title: 'which instance is in force for this process',
    run: (host) =>
      whereMounted(host, (instance) => ({ id: 'binfmt.instance', ...inForce(instance) })),
  },
];

type Judgement = Omit<Finding, 'id'>;

function support(host: HostFacts): Judgement {
  const loaded = /\bbinfmt_misc$/m.test(host.read('/proc/filesystems') ?? '');
  if (loaded) {
    const module = /^binfmt_misc /m.test(host.read('/proc/modules') ?? '');
    return { result: 'ok', observed: `binfmt_misc is ${module ? 'a loaded module' : 'built in'}` };
  }
  const modules = `/lib/modules/${host.kernel.release}/modules.dep`;
  const list = host.read(modules);
  if (list === undefined)
    return {
      result: 'cannot tell',
      observed: `binfmt_misc is not loaded, and \`${modules}\` cannot be read`,
      remedy: 'modprobe binfmt_misc',
    };
  if (/\/binfmt_misc\.ko/.test(list))
    return {
      result: 'warning',
      observed: 'binfmt_misc is a module that is not loaded',
      remedy: 'modprobe binfmt_misc',
    };
  return {
    result: 'problem',
    observed: 'this kernel was built without binfmt_misc',
    remedy: 'Install a kernel that has CONFIG_BINFMT_MISC',
  };
}

function mounted(host: HostFacts): Judgement {
  const instance = readInstance(host);
  if (instance.mounted) return { result: 'ok', observed: `mounted at ${instanceFolder}` };
  if (!needsHostHandlers(host))
    return {
      result: 'note',
      observed: 'not mounted; mpkit does not need it, Docker and others would',
      remedy: mountCommand,
    };
  return {
    result: 'problem',
    observed: textOf(instance, 'not-mounted') ?? '',
    remedy: mountCommand,
  };
}

const mountCommand = `mount -t binfmt_misc binfmt_misc ${instanceFolder}`;

function access(host: HostFacts, instance: InstanceFacts): Judgement {
  const readOnly = textOf(instance, 'read-only');
  if (readOnly)
    return {
      result: needsHostHandlers(host) ? 'problem' : 'warning',
      observed: `${readOnly}: nothing can be registered`,
      remedy: `mount -o remount,rw ${instanceFolder}`,
    };
  const unreadable = textOf(instance, 'unreadable');
  if (unreadable) return { result: 'cannot tell', observed: unreadable };
  if (instance.writable)
    return { result: 'ok', observed: 'this user can read and register handlers' };
  if (host.user.uid !== 0)
    return { result: 'ok', observed: 'readable; only root may register handlers' };
  return {
    result: 'warning',
    observed: 'readable, but this root may not register handlers: it is root of a container only',
    remedy: 'Register handlers on the host of this container',
  };
}

function enabled(instance: InstanceFacts): Judgement {
  const off = textOf(instance, 'switched-off');
  if (off) return { result: 'problem', observed: off, remedy: `echo 1 > ${instanceFolder}/status` };
  if (instance.enabled) return { result: 'ok', observed: 'handlers are switched on' };
  return { result: 'cannot tell', observed: `${instanceFolder}/status cannot be read` };
}

function inForce(instance: InstanceFacts): Judgement {
  const empty = textOf(instance, 'empty-namespace');
  if (empty) return { result: 'warning', observed: empty, remedy: `umount ${instanceFolder}` };
  const count = instance.handlers.length + instance.unreadable.length;
  const some = `${count} handler${count === 1 ? '' : 's'}`;
  const whose = {
    host: "the host's",
    private: 'one of this user namespace',
    namespace: "seen from a user namespace: its own or the host's",
  }[instance.kind];
  return {
    result: instance.kind === 'host' ? 'ok' : 'note',
    observed: `${whose}, with ${some}`,
  };
}

function textOf({ findings }: InstanceFacts, id: HostFinding['id']): string | undefined {
  return findings.find((each) => each.id === id)?.text;
}

function whereMounted(host: HostFacts, judge: (instance: InstanceFacts) => Finding): Finding[] {
  const instance = readInstance(host);
  return instance.mounted ? [judge(instance)] : [];
}
