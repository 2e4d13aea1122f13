/** The disk below the state folder. */
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';
import { mountOf } from '../mounts.ts';

export const stateChecks: Check[] = [
  {
    id: 'state.access',
    title: 'the state folder can be used',
    run: (host) => [{ id: 'state.access', ...judgeAccess(host) }],
  },
  {
    id: 'state.space',
    title: 'free space for the state folder',
    run: (host) => [{ id: 'state.space', ...judgeSpace(host) }],
  },
  {
    id: 'state.file-system',
    title: 'its file system',
    run: (host) => [{ id: 'state.file-system', ...judgeFileSystem(host) }],
  },
];

type Judgement = Omit<Finding, 'id'>;

/** What was tried tells; a mode or an owner alone does not. */
function judgeAccess({ state, trials }: HostFacts): Judgement {
  if (!trials) return { result: 'cannot tell', observed: `nobody tried to use ${state.folder}` };
  const { stateRefused, made, error } = trials.namespace;
  if (stateRefused)
    return {
      result: 'problem',
      observed: error ?? `${state.folder} was refused`,
      remedy: 'Choose another state folder with `--root` or MPKIT_ROOT',
    };
  return made
    ? { result: 'ok', observed: `${state.folder} can be used` }
    : { result: 'cannot tell', observed: `${state.folder} was not reached` };
}

/** Emulators take 0.2 GB, a small image and its steps about 1. */
function judgeSpace({ state }: HostFacts): Judgement {
  if (state.free === undefined)
    return { result: 'cannot tell', observed: `free space of ${state.folder} is unknown` };
  const observed = `${(state.free / 1e9).toFixed(1)} GB free for ${state.folder}`;
  const remedy = 'Free some space, or choose a larger disk with `--root` or MPKIT_ROOT';
  if (state.free < 0.3e9) return { result: 'problem', observed, remedy };
  if (state.free < 3e9) return { result: 'warning', observed, remedy };
  return { result: 'ok', observed };
}

function judgeFileSystem(host: HostFacts): Judgement {
  const { folder } = host.state;
  const mount = mountOf(host, folder);
  if (!mount) return { result: 'cannot tell', observed: `nothing tells what holds ${folder}` };
  const observed = `${mount.type}, mounted at ${mount.target}`;
  const other = 'Choose another state folder with `--root` or MPKIT_ROOT';
  if (/^(nfs|cifs|smb|9p|fuse|vboxsf|drvfs|ceph|afs)/.test(mount.type))
    return {
      result: 'warning',
      observed: `${observed}: overlayfs and locks may not work on it`,
      remedy: other,
    };
  if (mount.type === 'overlay')
    return {
      result: 'note',
      observed: `${observed}: a container's own; layers are in memory, and made anew by each build`,
      remedy: 'Mount a volume for the state folder',
    };
  if (mount.options.includes('ro'))
    return { result: 'problem', observed: `${observed}, read-only`, remedy: other };
  return { result: 'ok', observed };
}
