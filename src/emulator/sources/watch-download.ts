/** A download by somebody else's program, as a transfer: the file that it writes is watched. */
import { stat } from 'node:fs/promises';
import { watchGrowth } from '../../growth.ts';
import { type EmitTransfer, startTransfer } from '../../transfer.ts';

export interface Download {
  /** Where the file grows. */
  path: string;
  /** For the reader. */
  name: string;
  /** Bytes. */
  size: number;
}

export async function watchDownload(
  { path, name, size }: Download,
  emit: EmitTransfer | undefined,
  fetch: () => Promise<void>,
): Promise<void> {
  const what = { id: `fetch ${path}`, kind: 'fetch', name, total: size } as const;
  const transfer = startTransfer(what, emit);
  const stop = watchGrowth(path, transfer.reached);
  let how: 'done' | 'failed' = 'failed';
  try {
    await fetch();
    transfer.reached((await stat(path)).size);
    how = 'done';
  } finally {
    stop();
    transfer.end(how);
  }
}
