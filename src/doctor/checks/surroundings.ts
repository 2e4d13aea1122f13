/** Inside which container, WSL or virtual machine we are. */
import { inInitialNamespace } from '../../binfmt/index.ts';
import type { HostFacts } from '../facts.ts';
import type { Check } from '../finding.ts';

export const surroundingsCheck: Check = {
  id: 'host.kind',
  title: 'what this host is',
  run: (host) => {
    const facts = [systemName(host), ...containers(host), ...machine(host)].join(', ');
    if (/^4\.4\..*-Microsoft$/.test(host.kernel.release))
      return [
        {
          id: 'host.kind',
          result: 'problem',
          observed: 'WSL 1 is no Linux kernel: it has no binfmt_misc and no namespaces',
          remedy: 'wsl --set-version DISTRIBUTION 2',
        },
      ];
    return [{ id: 'host.kind', result: 'ok', observed: facts }];
  },
};

export function systemName(host: HostFacts): string {
  const text = host.read('/etc/os-release') ?? host.read('/usr/lib/os-release') ?? '';
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'unknown distribution';
}

function containers(host: HostFacts): string[] {
  const found: string[] = [];
  const manager = host.read('/run/systemd/container')?.trim() ?? host.environment.container;
  if (host.file('/.dockerenv')) found.push('Docker container');
  else if (host.file('/run/.containerenv') || manager === 'podman') found.push('Podman container');
  else if (manager) found.push(`${manager.toUpperCase()} container`);
  else if (/\/(docker|containerd|lxc|crio)[/-]/.test(host.read('/proc/1/cgroup') ?? ''))
    found.push('container');
  if (host.environment.KUBERNETES_SERVICE_HOST) found.push('Kubernetes');
  if (host.environment.GITHUB_ACTIONS === 'true') found.push('GitHub runner');
  if (/microsoft.*WSL2/i.test(host.kernel.release)) found.push('WSL 2');
  if (!inInitialNamespace(host)) found.push('in a user namespace');
  return found;
}

function machine(host: HostFacts): string[] {
  const vendor = host.read('/sys/class/dmi/id/sys_vendor')?.trim() ?? '';
  const isGuest = /^flags\s*:.* hypervisor( |$)/m.test(host.read('/proc/cpuinfo') ?? '');
  const known = /QEMU|VMware|Microsoft|Amazon EC2|Google|innotek|Xen|DigitalOcean|Hetzner/.exec(
    vendor,
  );
  if (isGuest || known) return [`virtual machine${vendor ? ` (${vendor})` : ''}`];
  return [];
}
