/** Which binfmt_misc is in force for this process, and in what state its file system is. */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { HostView } from './view.ts';

export interface Instance {
  path: string;
  /**
   * `host`: of the initial user namespace. `private`: a user namespace's own. `namespace`: we are in
   * a user namespace, and whose instance is mounted here cannot be told.
   */
  kind: 'host' | 'private' | 'namespace';
  mounted: boolean;
  readOnly: boolean;
  /** The global switch; undefined where nothing is mounted. */
  enabled: boolean | undefined;
  /** Whether this process may register. */
  writable: boolean;
}

export function readInstance(view: HostView): Instance {
  const mount = mountOf(view.instance);
  const readOnly = mount?.readOnly ?? false;
  return {
    path: view.instance,
    kind: kindOf(view, mount !== undefined),
    mounted: mount !== undefined,
    readOnly,
    enabled: mount ? readSwitch(view) : undefined,
    writable: mount !== undefined && !readOnly && mayRegister(view),
  };
}

/** The number of the initial user namespace is fixed (Linux, PROC_USER_INIT_INO). */
export function inInitialNamespace(): boolean {
  try {
    return readlinkSync('/proc/self/ns/user') === 'user:[4026531837]';
  } catch {
    return true;
  }
}

/** The file system's root belongs to root of the namespace that owns it; other ids look unmapped. */
function kindOf(view: HostView, mounted: boolean): Instance['kind'] {
  if (inInitialNamespace()) return 'host';
  const identity = /^\s*0\s+0\s/.test(readFileSync('/proc/self/uid_map', 'utf8'));
  if (!mounted || identity) return 'namespace';
  return statSync(join(view.instance, 'status')).uid === 0 ? 'private' : 'host';
}

/** The topmost mount at exactly that place, where it is binfmt_misc. */
function mountOf(path: string): { readOnly: boolean } | undefined {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const last = lines.map((line) => line.split(' ')).findLast((fields) => fields[4] === path);
  if (!last) return undefined;
  const [type, , superOptions = ''] = last.slice(last.indexOf('-') + 1);
  // systemd's automount lies below until somebody looks into the folder
  if (type === 'autofs') return wakeAutomount(path) ? mountOf(path) : undefined;
  if (type !== 'binfmt_misc') return undefined;
  const readOnly = [last[5]!, superOptions].some((options) => options.split(',').includes('ro'));
  return { readOnly };
}

function wakeAutomount(path: string): boolean {
  const before = readFileSync('/proc/self/mountinfo', 'utf8');
  try {
    statSync(join(path, 'status'));
  } catch {
    return false;
  }
  return readFileSync('/proc/self/mountinfo', 'utf8') !== before;
}

function readSwitch(view: HostView): boolean {
  return readFileSync(join(view.instance, 'status'), 'utf8').trim() !== 'disabled';
}

/** Root's capabilities do not reach files of another namespace, whatever their mode says. */
function mayRegister(view: HostView): boolean {
  const { uid } = statSync(join(view.instance, 'register'));
  return process.geteuid?.() === 0 && uid === 0;
}
