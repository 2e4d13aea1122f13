/**
 * Whatever a step can make is written as a layer and read back equal: by mpkit, by umoci, and, as
 * far as it looks, by skopeo. The trees are random, and the same at each run.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeOciLayout } from '../../../src/builder/export/oci-layout.ts';
import { assembleImage } from '../../../src/builder/image/assemble.ts';
import { type Blobs, blobPath, openBlobs } from '../../../src/builder/image/blobs.ts';
import { scratchConfig } from '../../../src/builder/image/config.ts';
import { applyLayer } from '../../../src/builder/image/layer-apply.ts';
import { type Layer, writeLayer } from '../../../src/builder/image/layer-write.ts';
import { joinBytes } from '../../../src/deep-path.ts';
import { getXattr, listXattrs, makeNode, setTimes, setXattr } from '../../../src/libc.ts';
import { parsePlatform } from '../../../src/platform.ts';
import { removeTree } from '../../../src/remove-tree.ts';
import { walkTree } from '../../../src/walk-tree.ts';
import { requires } from '../../helpers/requires.ts';
import { isRoot, needsRoot, plenty, type Stack, stackOn, temporaryFolder } from './workshop.ts';

const umoci = requires('umoci');
const skopeo = requires('skopeo');
const seeds = Array.from({ length: 12 }, (_, at) => at + 1);

describe.skipIf(!isRoot)(`a random tree${needsRoot}`, () => {
  it.each(seeds)('%i comes back equal', async (seed) => {
    const { blobs, layers, made } = await twoLayers(seed);
    const first = stackOn();
    await apply(first, layers[0]!, blobs);
    const second = stackOn(first.upper);
    await apply(second, layers[1]!, blobs);
    expect(listing(second.merged)).toEqual(listing(made.merged));
    for (const { rootFd } of [first, second, made]) closeSync(rootFd);
  });

  it.skipIf(!umoci.ok || !skopeo.ok)(
    `is the same to umoci, after skopeo${umoci.why || skopeo.why}`,
    async () => {
      for (const seed of seeds.slice(0, 4)) {
        const { blobs, layers, made } = await twoLayers(seed);
        const platform = parsePlatform('linux/amd64');
        const manifest = await assembleImage({ config: scratchConfig(platform), layers, blobs });
        const folder = temporaryFolder();
        const [layout, copy] = [join(folder, 'layout'), join(folder, 'copy')];
        await writeOciLayout(layout, {
          ...{ tar: false, images: [{ platform, manifest }], tags: ['tree:1'], blobs },
        });
        execFileSync('skopeo', ['copy', '-q', `oci:${layout}:1`, `oci:${copy}:1`]);
        execFileSync('umoci', ['unpack', '--image', `${copy}:1`, join(folder, 'bundle')], {
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        expect(listing(join(folder, 'bundle/rootfs'))).toEqual(listing(made.merged));
        closeSync(made.rootFd);
      }
    },
    120_000,
  );
});

/** A tree, and what changing it at random makes of it: the layer of each, and the merged view. */
async function twoLayers(seed: number) {
  const random = numbers(seed);
  const blobs = await openBlobs(temporaryFolder(), temporaryFolder());
  const below = stackOn();
  for (let left = 60; left > 0; left--) make(below, random);
  closeSync(below.rootFd);
  const made = stackOn(below.upper);
  for (let left = 60; left > 0; left--) change(made, random);
  const layers: Layer[] = [];
  for (const folder of [below.upper, made.upper]) layers.push(await writeLayer(folder, { blobs }));
  return { blobs, layers, made };
}

async function apply({ rootFd }: Stack, layer: Layer, blobs: Blobs): Promise<void> {
  await applyLayer({
    ...{ blob: blobPath(blobs, layer.digest), mediaType: layer.mediaType, most: plenty },
    ...{ rootFd, expectedDiffId: layer.diffId },
  });
}

type Random = (below: number) => number;

/** Mulberry32. */
function numbers(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Any bytes that a name may have, of any length, but for what marks a removal. */
function nameOf(random: Random): Buffer {
  const lengths = [1, 3, 8, 40, 99, 100, 101, 200, 251, 252, 255];
  const name = Buffer.alloc(lengths[random(lengths.length)]!);
  const plain = random(2) === 0;
  for (let at = 0; at < name.length; at++) {
    name[at] = plain ? 97 + random(26) : 1 + random(255);
    if (name[at] === 0x2f) name[at] = 0x5c;
  }
  const reserved = ['.', '..'].includes(name.toString('latin1')) || name.indexOf('.wh.') === 0;
  return reserved ? Buffer.from('x') : name;
}

/** A folder of the tree, not so deep that its path could be too long. */
function someFolder(merged: string, random: Random): Buffer {
  const folders = [...walkTree(Buffer.from(`${merged}/.`))]
    .filter(({ name, stats }) => stats.isDirectory() && name.length < 2000)
    .map(({ name }) => name);
  return joinBytes(Buffer.from(merged), folders[random(folders.length)]!);
}

function someEntry(merged: string, random: Random): Buffer | undefined {
  const names = [...walkTree(Buffer.from(`${merged}/.`))].map(({ name }) => name).slice(1);
  const name = names[random(Math.max(1, names.length))];
  return name && joinBytes(Buffer.from(merged), name);
}

function make({ merged }: Stack, random: Random): void {
  const path = joinBytes(someFolder(merged, random), nameOf(random));
  if (lstatSync(path, { throwIfNoEntry: false })) return;
  const kinds = [
    () => writeFileSync(path, Buffer.alloc(random(3000), random(256))),
    () => mkdirSync(path),
    () => mkdirSync(path),
    () => symlinkSync(nameOf(random), path),
    () => makeNode(path, 0o010600),
    () => link(merged, path, random),
  ];
  kinds[random(kinds.length)]!();
  adorn(path, random);
}

function link(merged: string, path: Buffer, random: Random): void {
  const target = someEntry(merged, random);
  if (target && lstatSync(target).isFile()) linkSync(target, path);
  else writeFileSync(path, '');
}

/** Owner, mode, attributes and time. */
function adorn(path: Buffer, random: Random): void {
  const is = lstatSync(path);
  if (is.isSymbolicLink()) {
    setTimes(path, random(2 ** 31));
    return;
  }
  chownSync(path, random(60_000), random(60_000));
  chmodSync(path, random(0o10000));
  if (random(3) === 0 && (is.isFile() || is.isDirectory()))
    setXattr(path, `user.${random(1000)}`, Buffer.from([random(256), 0, 10, 61]));
  setTimes(path, random(2 ** 31));
}

function change(stack: Stack, random: Random): void {
  const entry = someEntry(stack.merged, random);
  const chance = random(6);
  if (!entry || chance < 2) make(stack, random);
  else if (chance === 2) removeTree(entry);
  else if (chance === 3) adorn(entry, random);
  else if (chance === 4) replace(entry, random);
  else move(entry, joinBytes(someFolder(stack.merged, random), nameOf(random)));
}

/** What was a folder hides all that it had. */
function replace(entry: Buffer, random: Random): void {
  removeTree(entry);
  const kinds = [
    () => mkdirSync(entry),
    () => writeFileSync(entry, 'new'),
    () => symlinkSync('to', entry),
  ];
  kinds[random(kinds.length)]!();
  adorn(entry, random);
}

function move(entry: Buffer, to: Buffer): void {
  try {
    renameSync(entry, to);
  } catch {
    // into itself, or onto something else
  }
}

/** All that an image says of a tree, a line an entry. */
function listing(root: string): string[] {
  const groups = new Map<bigint, string>();
  const lines: string[] = [];
  for (const { name, stats } of walkTree(Buffer.from(`${root}/.`))) {
    if (name.length === 0) continue;
    const path = joinBytes(Buffer.from(root), name);
    const text = name.toString('latin1');
    const xattrs = listXattrs(path)
      .filter(
        (each) => !each.startsWith('user.overlay.') && !each.startsWith('user.rootlesscontainers'),
      )
      .map((each) => `${each}=${getXattr(path, each)?.toString('hex')}`);
    const content = stats.isFile()
      ? readFileSync(path).toString('latin1')
      : stats.isSymbolicLink()
        ? readlinkSync(path, { encoding: 'buffer' }).toString('latin1')
        : '';
    const first = stats.nlink > 1n && stats.isFile() ? (groups.get(stats.ino) ?? text) : text;
    groups.set(stats.ino, first);
    const { mode, uid, gid, mtimeNs } = stats;
    const time = stats.isDirectory() ? '' : mtimeNs / 1_000_000_000n;
    lines.push(
      JSON.stringify([text, first, `${mode.toString(8)} ${uid} ${gid} ${time}`, content, xattrs]),
    );
  }
  return lines;
}
