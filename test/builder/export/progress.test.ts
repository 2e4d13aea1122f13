import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeOciLayout } from '../../../src/builder/export/oci-layout.ts';
import { assembleImage } from '../../../src/builder/image/assemble.ts';
import { type Blobs, putBlob } from '../../../src/builder/image/blobs.ts';
import { scratchConfig } from '../../../src/builder/image/config.ts';
import type { TransferEvent } from '../../../src/transfer.ts';
import { makeImage, newStore } from '../image/images.ts';
import { temporaryFolder } from '../image/workshop.ts';

const size = 100 * 1024 * 1024;

describe('an export of 100 MB', () => {
  let blobs: Blobs;
  let images: Awaited<ReturnType<typeof largeImage>>[];
  beforeAll(async () => {
    blobs = await newStore();
    images = [await largeImage(blobs)];
  });

  it.each([
    ['a folder', false],
    ['an archive', true],
  ])('into %s tells what it wrote, to the last byte', async (_, tar) => {
    const dest = join(temporaryFolder(), 'image.tar');
    const events: TransferEvent[] = [];
    const onTransfer = (event: TransferEvent) => void events.push(event);
    await writeOciLayout(dest, { tar, images, tags: [], blobs, onTransfer });
    expectWhole(events);
    expect(events.at(-1)?.bytes).toBe(tar ? membersOf(dest) : bytesIn(dest));
  });

  it('into a slow pipe tells it while it is written, ten times a second at most', async () => {
    const dest = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [dest]);
    const events: TransferEvent[] = [];
    const onTransfer = (event: TransferEvent) => void events.push(event);
    const reading = readSlowly(dest);
    await writeOciLayout(dest, { tar: true, images, tags: [], blobs, onTransfer });
    await reading;
    expectWhole(events);
    const between = events.slice(1, -1);
    expect(between.length).toBeGreaterThan(3);
    expect(new Set(between.map(({ bytes }) => bytes)).size).toBeGreaterThan(3);
    between.slice(1).forEach(({ at }, before) => {
      expect(at - between[before]!.at).toBeGreaterThanOrEqual(100);
    });
  });

  it('that fails says so, and not that it is done', async () => {
    const events: TransferEvent[] = [];
    const onTransfer = (event: TransferEvent) => void events.push(event);
    await expect(
      writeOciLayout('/dev/full', { tar: true, images, tags: [], blobs, onTransfer }),
    ).rejects.toMatchObject({ code: 'disk-full' });
    expect(events.at(-1)).toMatchObject({ end: 'failed', bytes: 0 });
  });
});

function expectWhole(events: readonly TransferEvent[]): void {
  const [first] = events;
  const last = events.at(-1);
  expect(first).toMatchObject({ kind: 'export', bytes: 0 });
  expect(last).toMatchObject({ end: 'done', bytes: first?.total });
  expect(events.filter(({ end }) => end)).toHaveLength(1);
  expect(first?.total).toBeGreaterThan(size);
  const moved = events.map(({ bytes }) => bytes);
  expect(moved).toEqual(moved.toSorted((a, b) => a - b));
}

/** The layer is noise: an export looks at digests and sizes only. */
async function largeImage(blobs: Blobs) {
  const { platform, layer } = await makeImage(blobs, 'linux/arm64');
  const noise = await putBlob(blobs, randomFillSync(Buffer.alloc(size)));
  const layers = [layer, { ...layer, ...noise }];
  return {
    platform,
    manifest: await assembleImage({ config: scratchConfig(platform), layers, blobs }),
  };
}

async function readSlowly(path: string): Promise<void> {
  let pause = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    pause += chunk.length;
    if (pause < 4 << 20) continue;
    pause = 0;
    await sleep(60);
  }
}

function membersOf(archive: string): number {
  const lines = execFileSync('tar', ['-tvf', archive], { encoding: 'utf8' }).trim().split('\n');
  const files = lines.filter((line) => line.startsWith('-'));
  return files.reduce((sum, line) => sum + Number(line.split(/\s+/)[2]), 0);
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((each) => each.isFile())
    .reduce((sum, each) => sum + statSync(join(each.parentPath, each.name)).size, 0);
}
