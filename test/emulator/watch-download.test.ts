import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { watchDownload } from '../../src/emulator/sources/watch-download.ts';
import type { TransferEvent } from '../../src/transfer.ts';
import { advance, rateOf, type TransferState } from '../../src/tui/state/transfers.ts';

const top = mkdtempSync(join(tmpdir(), 'mpkit-download-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));

/** 100 kB ten times, a tenth of a second apart, by a program that tells nothing of it. */
async function grow(path: string): Promise<void> {
  const script =
    'for n in 1 2 3 4 5 6 7 8 9 10; do head -c 100000 /dev/zero; sleep 0.1; done >"$1"';
  const [code] = await once(spawn('sh', ['-c', script, 'sh', path]), 'close');
  if (code !== 0) throw new Error(`sh ended with ${code}`);
}

it('a file that grows is told as it grows, and where it ended', async () => {
  const path = join(top, 'slow.deb');
  const events: TransferEvent[] = [];
  const download = { path, name: 'slow 1', size: 1_000_000 };
  await watchDownload(
    download,
    (event) => void events.push(event),
    () => grow(path),
  );
  expect(statSync(path).size).toBe(1_000_000);
  expect(events[0]).toMatchObject({ kind: 'fetch', name: 'slow 1', bytes: 0, total: 1_000_000 });
  expect(events.at(-1)).toMatchObject({ bytes: 1_000_000, end: 'done' });
  const moved = events.map(({ bytes }) => bytes);
  expect(moved).toEqual(moved.toSorted((a, b) => a - b));
  expect(new Set(moved).size).toBeGreaterThan(4);
  const state = events
    .slice(0, -1)
    .reduce<TransferState | undefined>((known, event) => advance(known, event), undefined)!;
  expect(rateOf(state, state.last.at)).toBeGreaterThan(0);
});

it('a download that fails ends as one, and is not watched any more', async () => {
  const events: TransferEvent[] = [];
  const download = { path: join(top, 'none.deb'), name: 'none', size: 5 };
  const fail = () => Promise.reject(new Error('no route'));
  await expect(watchDownload(download, (event) => void events.push(event), fail)).rejects.toThrow(
    'no route',
  );
  expect(events.map(({ end, bytes }) => [end, bytes])).toEqual([
    [undefined, 0],
    ['failed', 0],
  ]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(events).toHaveLength(2);
});
