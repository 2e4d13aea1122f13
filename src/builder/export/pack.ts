/** The files of a layout as the members of a tar archive. */
import { encodeHeader, endOfArchive, padding, type TarEntry } from '../image/tar-header.ts';
import { readSource } from './copy-source.ts';
import { type LayoutFile, sizeOf } from './layout-files.ts';

/** Gets the bytes of all members that were written so far. */
export type Reached = (bytes: number) => void;

export interface Packing {
  /** Of every member; seconds since 1970. */
  mtime: number;
  reached: Reached;
  signal: AbortSignal | undefined;
}

/** `put` is asked for one chunk after the other. Fixed order, owner and mode. */
export async function pack(
  put: (bytes: Buffer) => Promise<void>,
  files: LayoutFile[],
  { mtime, reached, signal }: Packing,
): Promise<void> {
  let written = 0;
  const putContent = async (bytes: Buffer) => {
    await put(bytes);
    written += bytes.length;
    reached(written);
  };
  const folders = new Set<string>();
  for (const each of files) {
    for (const folder of parentsOf(each.name)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      await put(encodeHeader(entryOf(folder, 'directory', 0, mtime)));
    }
    const size = sizeOf(each);
    await put(encodeHeader(entryOf(each.name, 'file', size, mtime)));
    if ('content' in each) await putContent(each.content);
    else await readSource(each, putContent, signal);
    await put(padding(size));
  }
  await put(endOfArchive);
}

function entryOf(name: string, type: 'file' | 'directory', size: number, mtime: number): TarEntry {
  const mode = type === 'file' ? 0o644 : 0o755;
  return { name: Buffer.from(name), type, mode, uid: 0, gid: 0, size, mtime };
}

function parentsOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}
