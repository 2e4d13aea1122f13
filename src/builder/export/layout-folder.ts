/**
 * Layouts that are folders in somebody's folder, who may rename and link in there as they like: only
 * what has the shape of a layout is replaced or removed, by descriptors, and nothing else.
 */
import {
  closeSync,
  constants,
  type Dirent,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';

/** Makes `name` in `folder` and opens it; throws where a link took its place. */
export function makeHeld(folder: string, name: string): { place: string; close: () => void } {
  const path = join(folder, name);
  mkdirSync(path);
  const fd = openFolder(path);
  return { place: `/proc/self/fd/${fd}`, close: () => closeSync(fd) };
}

/** Whether an export may replace what is at `path`: an empty folder, or a layout and nothing else. */
export function isReplaceable(path: string): boolean {
  return look(path, (place) => {
    const names = readdirSync(place);
    return names.length === 0 || (names.includes('oci-layout') && hasShape(place));
  });
}

/** Removes the layout at `path`, also an unfinished one; what else is there stays, and the folder. */
export function removeLayout(path: string): void {
  const wasEmptied = look(path, (place) => {
    if (!hasShape(place)) return false;
    for (const name of documents) attempt(() => unlinkSync(join(place, name)));
    look(join(place, 'blobs'), (blobs) => {
      for (const algorithm of readdirSync(blobs)) {
        look(join(blobs, algorithm), (folder) => {
          for (const blob of readdirSync(folder).filter((name) => blobName.test(name)))
            attempt(() => unlinkSync(join(folder, blob)));
          return true;
        });
        attempt(() => rmdirSync(join(blobs, algorithm)));
      }
      return true;
    });
    for (const name of folders) attempt(() => rmdirSync(join(place, name)));
    return true;
  });
  if (wasEmptied) attempt(() => rmdirSync(path));
}

const documents = ['oci-layout', 'index.json'];
/** The second is made by containerd's tools. */
const folders = ['blobs', 'ingest'];

/** image-spec, descriptor.md, "Digests": hex in all registered algorithms. */
const blobName = /^[0-9a-f]{64,128}$/;

function hasShape(place: string): boolean {
  return entriesOf(place).every((entry) => {
    if (!entry.isDirectory()) return entry.isFile() && documents.includes(entry.name);
    if (entry.name === 'ingest') return look(join(place, 'ingest'), isEmpty);
    return entry.name === 'blobs' && look(join(place, 'blobs'), holdsBlobs);
  });
}

function holdsBlobs(place: string): boolean {
  return entriesOf(place).every(
    (entry) =>
      entry.isDirectory() &&
      look(join(place, entry.name), (folder) =>
        entriesOf(folder).every((blob) => blob.isFile() && blobName.test(blob.name)),
      ),
  );
}

function isEmpty(place: string): boolean {
  return readdirSync(place).length === 0;
}

function entriesOf(place: string): Dirent[] {
  return readdirSync(place, { withFileTypes: true });
}

/** Into the folder `path` itself, never through a link; false where there is none. */
function look(path: string, inside: (place: string) => boolean): boolean {
  let fd: number;
  try {
    fd = openFolder(path);
  } catch (error) {
    if (harmless.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
  try {
    return inside(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

function openFolder(path: string): number {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/** Somebody else removed it, or put something there that is not ours to remove. */
function attempt(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!harmless.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const harmless = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENOTEMPTY', 'EEXIST', 'EISDIR', 'EPERM']);
