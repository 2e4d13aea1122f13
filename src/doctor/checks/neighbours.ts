/** What other builders on this machine see: they have the handlers of the host, or nothing. */

import { needsHostHandlers } from '../binfmt-instance.ts';
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';

export const neighboursCheck: Check = {
  id: 'neighbours',
  title: 'what Docker, containerd, Podman, Buildah and Buildx see here',
  run: (host) => {
    const found = neighbours.filter(({ paths, programs }) =>
      [...paths(host), ...programs.map((name) => host.find(name))].some(
        (path) => path !== undefined && host.file(path) !== undefined,
      ),
    );
    return found.map(({ name }) => ({ id: 'neighbours', subject: name, ...sees(host) }));
  },
};

interface Neighbour {
  name: string;
  programs: string[];
  paths: (host: HostFacts) => string[];
}

const none = () => [];

const neighbours: Neighbour[] = [
  { name: 'docker', programs: ['docker', 'dockerd'], paths: () => ['/run/docker.sock'] },
  {
    name: 'containerd',
    programs: ['containerd', 'nerdctl'],
    paths: () => ['/run/containerd/containerd.sock'],
  },
  { name: 'podman', programs: ['podman'], paths: none },
  { name: 'buildah', programs: ['buildah'], paths: none },
  {
    name: 'buildx',
    programs: ['docker-buildx', 'buildkitd'],
    paths: ({ environment }) =>
      [
        '/usr/libexec/docker',
        '/usr/lib/docker',
        '/usr/local/lib/docker',
        ...(environment.HOME ? [`${environment.HOME}/.docker`] : []),
      ].map((folder) => `${folder}/cli-plugins/docker-buildx`),
  },
];

function sees(host: HostFacts): Omit<Finding, 'id'> {
  const trials = host.trials?.host;
  if (!trials) return { result: 'cannot tell', observed: 'installed; nothing was executed' };
  const foreign = trials.filter(({ bare }) => bare).map(({ architecture }) => architecture);
  const half = trials.filter(({ bare, plain }) => plain && !bare);
  if (half.length > 0)
    return {
      result: 'warning',
      observed: `${half.map(({ architecture }) => architecture).join(', ')}: here, but in no container`,
      remedy: 'mpkit binfmt install --replace all',
    };
  if (foreign.length > 0)
    return { result: 'ok', observed: `can run programs of ${foreign.join(', ')}` };
  return {
    result: needsHostHandlers(host) ? 'warning' : 'note',
    observed: "can run this CPU's programs only: the host has no working handler",
    remedy: 'mpkit binfmt install all',
  };
}
