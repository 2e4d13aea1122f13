/** Which binfmt_misc is in force for this process, and in what state its file system is. */
import { relative } from 'node:path';
import { isKernelAtLeast } from '../../kernel-release.ts';
import { parseMounts } from '../../mountinfo.ts';
import { type HostFiles, hostFiles } from './files.ts';
import { type HostView, thisHost } from './view.ts';

export interface Instance {
  path: string;
  /**
   * `host`: of the initial user namespace. `private`: a user namespace's own. `namespace`: we are in
   * a user namespace, and whose instance is mounted here cannot be told.
   */
  kind: 'host' | 'private' | 'namespace';
  mounted: boolean;
  readOnly: boolean;
  /** The global switch; undefined where nothing is mounted, or it cannot be read. */
  enabled: boolean | undefined;
  /** Whether this process may register. */
  writable: boolean;
}

export function readInstance({ root, instance }: HostView): Instance {
  const path = `/${relative(root, instance)}`;
  return { ...instanceOf(hostFiles(root), path), path: instance };
}

/** The same by what is known of a host's files. */
export function instanceOf(files: HostFiles, path = thisHost.instance): Instance {
  // systemd mounts it when somebody looks
  const status = files.file(`${path}/status`);
  const mounts = parseMounts(files.read('/proc/self/mountinfo') ?? '');
  const mount = mounts.findLast(({ target }) => target === path);
  const mounted = mount?.type === 'binfmt_misc';
  const readOnly = mounted && mount.options.includes('ro');
  const word = mounted ? files.read(`${path}/status`)?.trim() : undefined;
  return {
    path,
    kind: kindOf(files, mounted ? status?.uid : undefined),
    mounted,
    readOnly,
    enabled: word === undefined ? undefined : word === 'enabled',
    writable: mounted && !readOnly && files.file(`${path}/register`)?.writable === true,
  };
}

/** The number of the initial user namespace is fixed (Linux, PROC_USER_INIT_INO). */
export function inInitialNamespace(files: HostFiles = hostFiles('/')): boolean {
  const namespace = files.link('/proc/self/ns/user');
  if (namespace !== undefined) return namespace === 'user:[4026531837]';
  const words = files.read('/proc/self/uid_map')?.trim().split(/\s+/).join(' ');
  return words === undefined || words === '0 0 4294967295';
}

/** The file system's root belongs to root of the namespace that owns it; other ids look unmapped. */
function kindOf(files: HostFiles, owner: number | undefined): Instance['kind'] {
  if (inInitialNamespace(files) || isKernelAtLeast(files, 6, 7) === false) return 'host';
  const identity = /^\s*0\s+0\s/.test(files.read('/proc/self/uid_map') ?? '');
  if (owner === undefined || identity) return 'namespace';
  return owner === 0 ? 'private' : 'host';
}
