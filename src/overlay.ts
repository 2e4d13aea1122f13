/** Overlay file systems for steps: layers of folders as one root that is mounted nowhere. */
import { closeSync, constants, mkdtempSync, openSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MpkitError } from './errors.ts';
import { configure, makeDetached, mountDetached, O_PATH, openFileSystem } from './libc.ts';

export interface OverlayLayers {
  /** Folders of the lower layers, the topmost first, at least one. */
  lower: string[];
  /** Writable layer and its work folder; without them the mount is read-only. */
  upper?: { folder: string; work: string };
}

/**
 * An overlay that is mounted nowhere: the descriptor is its root, and it goes when the last
 * descriptor and the last sandbox that attached it are gone. Needs CAP_SYS_ADMIN in the mount
 * namespace; uses `userxattr`, without which renaming a lower folder fails in a user namespace.
 */
export function detachedOverlay(layers: OverlayLayers): number {
  if (layers.lower.length > mostLayers) throw tooMany(layers, mostLayers);
  try {
    return newOverlay(layers);
  } catch (error) {
    // Before Linux 6.7 there is no `lowerdir+`, which is noticed here or there.
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return olderOverlay(layers);
    throw error;
  }
}

/** Bytes that mount(2) reads of its options; the rest would be cut off silently. */
const optionPage = 4096;

/** OVL_MAX_STACK: as many as overlayfs takes. */
const mostLayers = 500;

function tooMany({ lower }: OverlayLayers, most: number): MpkitError {
  return new MpkitError(
    'host-unable',
    `a file system of ${lower.length} layers, but this kernel's overlayfs takes ${most}`,
    {
      hint: 'join RUN steps with `&&`, or take a base with fewer layers (`buildah build --squash`)',
    },
  );
}

function newOverlay({ lower, upper }: OverlayLayers): number {
  const context = openFileSystem('overlay');
  try {
    for (const folder of lower) configure(context, 'lowerdir+', folder);
    if (upper) {
      configure(context, 'upperdir', upper.folder);
      configure(context, 'workdir', upper.work);
    }
    configure(context, 'userxattr');
    return makeDetached(context, upper === undefined);
  } finally {
    closeSync(context);
  }
}

/**
 * All options in one page, as mount(2) takes them: descriptors instead of paths are short, so that
 * it is enough for 200 layers, and have no character that would have to be escaped.
 */
function olderOverlay({ lower, upper }: OverlayLayers): number {
  const opened: number[] = [];
  const short = (folder: string) => {
    const fd = openSync(folder, O_PATH | constants.O_DIRECTORY);
    opened.push(fd);
    return `/proc/self/fd/${fd}`;
  };
  const place = mkdtempSync(join(tmpdir(), 'mpkit-overlay-'));
  try {
    const options = [`lowerdir=${lower.map(short).join(':')}`, 'userxattr'];
    if (upper) options.push(`upperdir=${short(upper.folder)}`, `workdir=${short(upper.work)}`);
    if (options.join(',').length >= optionPage) throw tooMany({ lower }, 200);
    return mountDetached('overlay', place, options.join(','), upper === undefined);
  } finally {
    for (const fd of opened) closeSync(fd);
    rmdirSync(place);
  }
}
