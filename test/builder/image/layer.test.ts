import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { blobPath, openBlobs } from '../../../src/builder/image/blobs.ts';
import { digestOf } from '../../../src/builder/image/digest.ts';
import { applyLayer } from '../../../src/builder/image/layer-apply.ts';
import { layerEntries } from '../../../src/builder/image/layer-entries.ts';
import { hashLayer, tarChunks, writeLayer } from '../../../src/builder/image/layer-write.ts';
import { getXattr, makeNode, setXattr } from '../../../src/libc.ts';
import { removeTree } from '../../../src/remove-tree.ts';
import { isRoot, needsRoot, plenty, stackOn, temporaryFolder } from './workshop.ts';

const emptyTar = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

describe('writeLayer', () => {
  it('makes a valid layer of an empty folder', async () => {
    const layer = await writeLayer(temporaryFolder(), { blobs: await store() });
    expect(layer).toMatchObject({ diffId: emptyTar, uncompressedSize: 1024 });
  });

  it('gives both digests of what it stored, and hashLayer the same diffId', async () => {
    const folder = sample();
    const blobs = await store();
    const layer = await writeLayer(folder, { blobs });
    const stored = readFileSync(blobPath(blobs, layer.digest));
    expect(stored.length).toBe(layer.size);
    expect(digestOf(stored)).toBe(layer.digest);
    expect(digestOf(gunzipSync(stored))).toBe(layer.diffId);
    expect((await hashLayer(folder)).diffId).toBe(layer.diffId);
    // RFC 1952: no flags, no time
    expect([...stored.subarray(0, 8)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
  });

  it('gives the same digest for the same files made in another order', async () => {
    const blobs = await store();
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    for (const [folder, names] of [
      [one, ['b', 'a', 'c']],
      [two, ['c', 'b', 'a']],
    ] as const) {
      for (const name of names) writeFileSync(join(folder, name), name.repeat(100_000));
      for (const name of names) utimesSync(join(folder, name), 5, 5);
    }
    const first = await writeLayer(one, { blobs });
    expect((await writeLayer(two, { blobs })).digest).toBe(first.digest);
    writeFileSync(join(two, 'a'), 'A'.repeat(100_000));
    expect((await writeLayer(two, { blobs })).digest).not.toBe(first.digest);
  });

  it('lowers later times to the epoch and leaves earlier ones', () => {
    const folder = temporaryFolder();
    for (const [name, time] of [
      ['early', 10.9],
      ['late', 1e9],
    ] as const) {
      writeFileSync(join(folder, name), '');
      utimesSync(join(folder, name), time, time);
    }
    const times = [...layerEntries(folder, 1000)].map(({ entry }) => entry.mtime);
    expect(times).toEqual([10, 1000]);
  });

  it('lists parents first, names by bytes, links after their file, and no sockets', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'a'));
    writeFileSync(join(folder, 'a/z'), 'z');
    linkSync(join(folder, 'a/z'), join(folder, 'Z'));
    writeFileSync(join(folder, 'a-b'), '');
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    const listed = [...layerEntries(folder)].map(({ entry }) =>
      [entry.type, entry.name, entry.linkName].filter(Boolean).join(' '),
    );
    server.close();
    expect(listed).toEqual(['file Z', 'directory a', 'link a/z Z', 'file a-b']);
  });

  it('refuses a name that would be read as a removal', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, '.wh.x'), '');
    await expect(writeLayer(folder, { blobs: await store() })).rejects.toMatchObject({
      code: 'invalid-image',
      message:
        '`/.wh.x` cannot be part of an image: a name that begins with `.wh.` marks a removal',
    });
  });

  it('writes and removes a tree deeper than any path may be long', () => {
    const folder = join(temporaryFolder(), 'deep');
    const name = 'n'.repeat(200);
    mkdirSync(folder);
    // built from the inside, as no path reaches the last one
    for (let depth = 0; depth < 60; depth++) {
      mkdirSync(`${folder}.new`);
      renameSync(folder, join(`${folder}.new`, name));
      renameSync(`${folder}.new`, folder);
    }
    const names = [...layerEntries(folder)].map(({ entry }) => entry.name.length);
    expect(names.length).toBe(60);
    expect(names.at(-1)).toBe(60 * 201 - 1);
    removeTree(Buffer.from(folder));
    expect(existsSync(folder)).toBe(false);
  });

  it('writes a size beyond 8 GiB as a PAX record', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'huge');
    writeFileSync(file, '');
    truncateSync(file, 9 * 2 ** 30);
    const [header] = tarChunks(layerEntries(folder));
    expect(header!.toString('latin1')).toContain(`19 size=${9 * 2 ** 30}\n`);
  });

  it('is what GNU tar lists and unpacks', async () => {
    const folder = sample();
    const tar = join(temporaryFolder(), 'layer.tar');
    writeFileSync(tar, Buffer.concat([...tarChunks(layerEntries(folder))]));
    const listed = execFileSync('tar', ['--list', '--quoting-style=literal', '-f', tar]);
    const expected = [...layerEntries(folder)].flatMap(({ entry }) => [
      entry.name,
      Buffer.from(entry.type === 'directory' ? '/\n' : '\n'),
    ]);
    expect(listed.toString('latin1')).toBe(Buffer.concat(expected).toString('latin1'));
    const unpacked = temporaryFolder();
    execFileSync('tar', ['--extract', '--xattrs', '--xattrs-include=*', '-pf', tar], {
      cwd: unpacked,
    });
    expect(await hashLayer(unpacked)).toEqual(await hashLayer(folder));
  });
});

describe.skipIf(!isRoot)(`a layer that is written and applied${needsRoot}`, () => {
  it('is the same layer again: links, attributes, modes, owners, odd names', async () => {
    const folder = sample();
    const blobs = await store();
    execFileSync('chown', ['-h', '1234:70000', join(folder, 'link'), join(folder, 'setuid')]);
    execFileSync('chown', ['2000000:3000000', join(folder, 'dir')]);
    chmodSync(join(folder, 'setuid'), 0o6755);
    makeNode(join(folder, 'null'), 0o020666, 0x103);
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
    setXattr(join(folder, 'setuid'), 'security.capability', capability);
    const layer = await writeLayer(folder, { blobs });
    const { rootFd, upper, merged } = stackOn();
    await apply(layer, rootFd);
    expect((await hashLayer(upper)).diffId).toBe(layer.diffId);
    expect(statSync(join(merged, 'hard/one')).ino).toBe(statSync(join(merged, 'hard/two')).ino);
    expect(getXattr(join(merged, 'setuid'), 'security.capability')).toEqual(capability);
    expect(statSync(join(merged, 'dir')).mtimeMs).toBe(1_234_567_000);
    closeSync(rootFd);

    async function apply(made: typeof layer, into: number) {
      await applyLayer({
        blob: blobPath(blobs, made.digest),
        mediaType: made.mediaType,
        most: plenty,
        rootFd: into,
        expectedDiffId: made.diffId,
      });
    }
  });

  it("unescapes overlayfs's names, and drops the namespace from capabilities", () => {
    const { rootFd, merged, upper } = stackOn();
    for (const name of ['own', 'capable']) writeFileSync(join(merged, name), '');
    setXattr(join(merged, 'own'), 'user.overlay.mine', Buffer.from('1'));
    const rest = '00200000000000000000000000000000';
    const rootId = 'e8030000';
    const revision3 = Buffer.from(`01000003${rest}${rootId}`, 'hex');
    setXattr(join(upper, 'capable'), 'security.capability', revision3);
    expect([...layerEntries(upper)].map(({ entry }) => entry.xattrs)).toEqual([
      new Map([['security.capability', Buffer.from(`01000002${rest}`, 'hex')]]),
      new Map([['user.overlay.mine', Buffer.from('1')]]),
    ]);
    closeSync(rootFd);
  });

  it('hides what was removed or replaced below, and only that', async () => {
    const base = temporaryFolder();
    for (const name of ['gone', 'replaced', 'kept']) {
      mkdirSync(join(base, name));
      writeFileSync(join(base, name, 'old'), '');
    }
    writeFileSync(join(base, 'file'), '');
    const first = stackOn(base);
    rmSync(join(first.merged, 'gone'), { recursive: true });
    rmSync(join(first.merged, 'file'));
    rmSync(join(first.merged, 'replaced'), { recursive: true });
    mkdirSync(join(first.merged, 'replaced'));
    writeFileSync(join(first.merged, 'replaced/new'), '');
    writeFileSync(join(first.merged, 'kept/new'), '');
    closeSync(first.rootFd);

    const blobs = await store();
    const layer = await writeLayer(first.upper, { blobs });
    const names = [...layerEntries(first.upper)].map(({ entry }) => String(entry.name));
    expect(names).toEqual([
      '.wh.file',
      '.wh.gone',
      'kept',
      'kept/new',
      'replaced',
      'replaced/.wh..wh..opq',
      'replaced/new',
    ]);

    const second = stackOn(base);
    await applyLayer({
      blob: blobPath(blobs, layer.digest),
      mediaType: layer.mediaType,
      most: plenty,
      rootFd: second.rootFd,
      expectedDiffId: layer.diffId,
    });
    expect(readdirSync(second.merged).sort()).toEqual(['kept', 'replaced']);
    expect(readdirSync(join(second.merged, 'kept')).sort()).toEqual(['new', 'old']);
    expect(readdirSync(join(second.merged, 'replaced'))).toEqual(['new']);
    closeSync(second.rootFd);
  });
});

async function store() {
  return openBlobs(temporaryFolder(), temporaryFolder());
}

/** One of everything that an ordinary user can make. */
function sample(): string {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder, name);
  const odd = (...bytes: number[]) =>
    Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(...bytes)]);
  mkdirSync(at('dir'), 0o750);
  writeFileSync(at('dir/big'), Buffer.alloc(3_000_001, 'mpkit'));
  writeFileSync(at('dir/empty'), '');
  mkdirSync(at('hard'));
  writeFileSync(at('hard/one'), 'same');
  linkSync(at('hard/one'), at('hard/two'));
  symlinkSync('/absolute/../target', at('link'));
  symlinkSync('t'.repeat(300), at('longlink'));
  writeFileSync(at('setuid'), '#!/bin/sh\n', { mode: 0o755 });
  setXattr(at('setuid'), 'user.binary', Buffer.of(0, 10, 61, 255));
  execFileSync('mkfifo', [at('fifo')]);
  writeFileSync(odd(0xff), 'ff');
  writeFileSync(odd(0xfe), 'fe');
  for (const name of ['\u00e9', 'e\u0301', 'ß', 'ss']) writeFileSync(at(name), name);
  const long = ['l'.repeat(200), 'm'.repeat(200)];
  mkdirSync(at(long[0]!));
  writeFileSync(at(join(...long)), 'long');
  for (const entry of layerEntries(folder))
    if (entry.entry.type === 'file') utimesSync(entry.content!, 1_000_000, 1_000_000);
  for (const name of ['dir', 'hard', long[0]!]) utimesSync(at(name), 1_234_567, 1_234_567);
  expect(readlinkSync(at('link'))).toBe('/absolute/../target');
  expect(lstatSync(at('fifo')).isFIFO()).toBe(true);
  return folder;
}
