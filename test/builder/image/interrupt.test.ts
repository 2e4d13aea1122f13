/** A signal ends the reading of a layer, wherever in it that is: also amid one large file. */
import { closeSync, createWriteStream, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { digestOf } from '../../../src/builder/image/digest.ts';
import { applyLayer, checkUnpacked } from '../../../src/builder/image/layer-apply.ts';
import { mediaTypes } from '../../../src/builder/image/media-types.ts';
import { unpackArchive } from '../../../src/builder/image/unpack-archive.ts';
import { makeNode } from '../../../src/libc.ts';
import { plenty, tarOf, temporaryFolder } from './workshop.ts';

const tar = tarOf([{ name: 'large', content: Buffer.alloc(8 << 20, 'x') }]);
const half = tar.length / 2;

it('applyLayer', async () => {
  const { blob, rootFd, large, feed } = place();
  const stop = new AbortController();
  const applied = applyLayer({
    ...{ blob, mediaType: mediaTypes.layer, rootFd, most: plenty },
    ...{ expectedDiffId: digestOf(tar), signal: stop.signal },
  }).finally(() => closeSync(rootFd));
  await Promise.all([
    expect(applied).rejects.toMatchObject({ code: 'interrupted' }),
    feed(async () => {
      while (!(statSync(large, { throwIfNoEntry: false })?.size ?? 0)) await sleep(1);
      stop.abort();
    }),
  ]);
  expect(statSync(large).size).toBeLessThan(8 << 20);
});

it('checkUnpacked', async () => {
  const { blob, rootFd, feed } = place();
  closeSync(rootFd);
  const stop = new AbortController();
  const checked = checkUnpacked({
    ...{ blob, mediaType: mediaTypes.layer, most: plenty },
    ...{ expectedDiffId: digestOf(tar), signal: stop.signal },
  });
  await Promise.all([
    expect(checked).rejects.toMatchObject({ code: 'interrupted' }),
    feed(async () => stop.abort()),
  ]);
});

it('unpackArchive', async () => {
  const { rootFd, large } = place();
  const stop = new AbortController();
  async function* packed() {
    yield tar.subarray(0, half);
    stop.abort();
    yield tar.subarray(half);
  }
  const { signal } = stop;
  const name = 'the archive';
  const unpacked = unpackArchive({ packed: packed(), compression: 'none', rootFd, name, signal });
  await expect(unpacked.finally(() => closeSync(rootFd))).rejects.toMatchObject({
    code: 'interrupted',
  });
  expect(statSync(large).size).toBe(half - 512);
});

/** A layer that comes by a pipe, so that something can happen in the middle of it. */
function place() {
  const folder = temporaryFolder();
  const [blob, root] = [join(folder, 'layer'), join(folder, 'root')];
  makeNode(blob, 0o010600);
  mkdirSync(root);
  const feed = async (inTheMiddle: () => Promise<void>) => {
    const pipe = createWriteStream(blob);
    // its reader goes away before the end
    pipe.on('error', () => {});
    pipe.write(tar.subarray(0, half));
    await inTheMiddle();
    pipe.end(tar.subarray(half));
  };
  return { blob, rootFd: openSync(root, 'r'), large: join(root, 'large'), feed };
}
