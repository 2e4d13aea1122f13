/** Which host is meant: the running one, or a folder that tests filled like one. */
import { join } from 'node:path';

export interface HostView {
  /** Where `/etc`, `/usr` and `/var` are. */
  root: string;
  /** The folder where binfmt_misc is, or should be, mounted. */
  instance: string;
}

export const thisHost: HostView = { root: '/', instance: '/proc/sys/fs/binfmt_misc' };

/** The place of an absolute path of that host. */
export function at(view: HostView, path: string): string {
  return join(view.root, path);
}
