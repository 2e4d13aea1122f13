/** Makes binfmt_misc usable: mounted and switched on, and puts that back. */
import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MpkitError } from '../../errors.ts';
import { mountFileSystem, unmount } from '../../libc.ts';
import { listHandlers } from './handlers.ts';
import { readInstance } from './instance.ts';
import { at, type HostView } from './view.ts';

/** Gone after a reboot, like the mount that it speaks of. */
const marker = '/run/mpkit/binfmt-mounted';

/**
 * Throws `permission-denied` for anybody but root, `host-unable` where the kernel has no
 * binfmt_misc or it is read-only. Says in a line what it changed.
 */
export function prepareInstance(view: HostView, note: (text: string) => void): void {
  if (process.geteuid?.() !== 0) throw needsRoot();
  if (!readInstance(view).mounted) mount(view, note);
  const { readOnly, writable, enabled } = readInstance(view);
  if (readOnly || !writable)
    throw new MpkitError(
      'host-unable',
      readOnly
        ? `\`${view.instance}\` is mounted read-only`
        : `\`${view.instance}\` belongs to another namespace`,
      {
        hint: readOnly
          ? `\`mount -o remount,rw ${view.instance}\`, or outside of this container`
          : 'run this on the host itself; builds need no handler of the host',
      },
    );
  if (enabled) return;
  writeFileSync(join(view.instance, 'status'), '1');
  note('binfmt_misc was switched off for all handlers; it is on now');
}

/** Takes the mount away that \`prepareInstance\` made, once nobody uses it. */
export function releaseInstance(view: HostView): boolean {
  if (!existsSync(at(view, marker)) || !readInstance(view).mounted) return false;
  if (listHandlers(view).length > 0) return false;
  unmount(view.instance);
  rmSync(at(view, marker), { force: true });
  removeIfEmpty(dirname(at(view, marker)));
  return true;
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // somebody's file is in it
  }
}

export function needsRoot(): MpkitError {
  return new MpkitError('permission-denied', 'handlers for the whole host need root', {
    hint: 'run it with `sudo`; `mpkit build` and `mpkit run` need neither root nor these handlers',
  });
}

function mount(view: HostView, note: (text: string) => void): void {
  try {
    // the kernel loads its module by itself
    mountFileSystem('binfmt_misc', view.instance);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new MpkitError(
      'host-unable',
      `binfmt_misc cannot be mounted on \`${view.instance}\`: ${(error as Error).message}`,
      {
        hint:
          code === 'EPERM' || code === 'EACCES'
            ? 'this container may not mount: run it on the host or with `--privileged`'
            : '`modprobe binfmt_misc`, or a kernel with CONFIG_BINFMT_MISC',
        cause: error,
      },
    );
  }
  mkdirSync(dirname(at(view, marker)), { recursive: true });
  writeFileSync(at(view, marker), '');
  note(`mounted binfmt_misc on \`${view.instance}\``);
}
