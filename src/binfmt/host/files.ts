/** How a host is looked at; one that was recorded answers from its notes. */
import { closeSync, constants, openSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';

/** Each answers undefined for what is missing or refused. */
export interface HostFiles {
  kernel: { release: string };
  read: (path: string) => string | undefined;
  link: (path: string) => string | undefined;
  file: (path: string) => { uid: number; writable: boolean } | undefined;
}

export function hostFiles(root: string): HostFiles {
  const at = (path: string) => join(root, path);
  return {
    kernel: { release: release() },
    read: (path) => attempt(() => readFileSync(at(path), 'utf8')),
    link: (path) => attempt(() => readlinkSync(at(path))),
    file: (path) => {
      const facts = attempt(() => statSync(at(path)));
      return facts && { uid: facts.uid, writable: mayWrite(at(path)) };
    },
  };
}

/** By opening: access(2) lets root write where open(2) does not. Nothing is written. */
function mayWrite(path: string): boolean {
  const fd = attempt(() => openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
  if (fd !== undefined) closeSync(fd);
  return fd !== undefined;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
