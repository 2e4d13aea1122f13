import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/builder/image/digest.ts';
import { applyLayer } from '../../../src/builder/image/layer-apply.ts';
import { mediaTypes } from '../../../src/builder/image/media-types.ts';
import { headerSum } from '../../../src/builder/image/tar-header.ts';
import { getXattr } from '../../../src/libc.ts';
import { type Canary, canary } from '../../helpers/canary.ts';
import { effort } from '../../helpers/speed.ts';
import {
  applyTo,
  isRoot,
  needsRoot,
  plenty,
  type Spec,
  stackOn,
  tarOf,
  temporaryFolder,
} from './workshop.ts';

let bird: Canary;
beforeAll(() => {
  bird = canary();
});
afterEach(() => expect(bird.changes()).toEqual([]));
afterAll(() => bird.remove());

/** Names are those of reference/escapes.md. */
describe('escapes', () => {
  it('L1: `..` is refused, an absolute name stays inside', async () => {
    const root = temporaryFolder();
    await refused(root, [{ name: `../${bird.folder.split('/').at(-1)}/x` }], 'leads upwards');
    await refused(root, [{ name: 'a/../../x' }], 'leads upwards');
    await apply(root, [{ name: `${bird.folder}/x`, content: 'in' }]);
    expect(readFileSync(join(root, bird.folder, 'x'), 'utf8')).toBe('in');
  });

  it('L2: links of the layer lead nowhere but into the root', async () => {
    const root = temporaryFolder();
    await apply(root, [
      { name: 'd', type: 'symlink', link: '/' },
      { name: 'up', type: 'symlink', link: '../../../../..' },
      { name: `d${bird.folder}/x`, content: 'in' },
      { name: `up${bird.folder}/y`, content: 'in' },
      { name: 'run', type: 'directory' },
      { name: 'var/run', type: 'symlink', link: '/run' },
      { name: 'var/run/f', content: 'in run' },
    ]);
    expect(readdirSync(join(root, bird.folder)).sort()).toEqual(['x', 'y']);
    expect(readFileSync(join(root, 'run/f'), 'utf8')).toBe('in run');
    expect(lstatSync(join(root, 'var/run')).isSymbolicLink()).toBe(true);
  });

  it('L2: a file replaces a link and does not follow it', async () => {
    const root = temporaryFolder();
    await apply(root, [
      { name: 'f', type: 'symlink', link: join(bird.folder, 'secret') },
      { name: 'f', content: 'mine' },
    ]);
    expect(readFileSync(join(root, 'f'), 'utf8')).toBe('mine');
  });

  it('L2: a parent that is a link to nothing is refused', async () => {
    const specs: Spec[] = [{ name: 'l', type: 'symlink', link: 'none' }, { name: 'l/f' }];
    await refused(temporaryFolder(), specs, 'goes through a link to nothing');
  });

  it('L3: the root stays a folder, and a name may change its kind', async () => {
    const link: Spec = { name: '.', type: 'symlink', link: bird.folder };
    await refused(temporaryFolder(), [link], 'would replace the root folder');
    const root = temporaryFolder();
    await apply(root, [
      { name: 'n', type: 'directory' },
      { name: 'n/below' },
      { name: 'n', type: 'symlink', link: bird.folder },
      { name: 'n', type: 'directory' },
      { name: 'n/x', content: 'in' },
    ]);
    expect(readdirSync(join(root, 'n'))).toEqual(['x']);
  });

  it('L4: hard links go to what the root holds and is no folder', async () => {
    const secret = join(bird.folder, 'secret');
    for (const link of [secret, 'package.json'])
      await refused(temporaryFolder(), [{ name: 'h', type: 'link', link }], '`h`');
    await refused(temporaryFolder(), [{ name: 'h', type: 'link', link: '../x' }], 'leads upwards');
    const through: Spec[] = [
      { name: 'sym', type: 'symlink', link: bird.folder },
      { name: 'h', type: 'link', link: 'sym/secret' },
    ];
    await refused(temporaryFolder(), through, '`h`');
    const toFolder: Spec[] = [
      { name: 'd', type: 'directory' },
      { name: 'h', type: 'link', link: 'd' },
    ];
    await refused(temporaryFolder(), toFolder, 'to a folder');
    for (const link of ['.', '/'])
      await refused(temporaryFolder(), [{ name: 'h', type: 'link', link }], 'to a folder');
    expect(statSync(secret).nlink).toBe(1);
  });

  it('L5: a mode on a link changes nothing behind it', async () => {
    const link = join(bird.folder, 'secret');
    await apply(temporaryFolder(), [{ name: 's', type: 'symlink', link, mode: 0o4777 }]);
  });

  it.each(['etc/.wh.', 'etc/.wh..', 'etc/.wh...', '.wh.'])('L6: %s is refused', async (name) => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'etc'));
    await refused(root, [{ name }], 'is a whiteout of no name');
    expect(existsSync(join(root, 'etc'))).toBe(true);
  });

  it('L6: a whiteout through a link stays inside', async () => {
    const root = temporaryFolder();
    symlinkSync(bird.folder, join(root, 'l'));
    await apply(root, [{ name: 'l/.wh.secret' }, { name: 'l/.wh..wh..opq' }]);
  });

  it('L7: overlay attributes and device 0:0 cannot hide files', async () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'd'));
    const xattrs = new Map([
      ['user.overlay.opaque', Buffer.from('y')],
      ['trusted.overlay.opaque', Buffer.from('y')],
      ['user.mine', Buffer.of(0, 255)],
    ]);
    await apply(root, [{ name: 'd', type: 'directory', xattrs }]);
    expect(getXattr(join(root, 'd'), 'user.overlay.opaque')).toBeUndefined();
    expect(getXattr(join(root, 'd'), 'user.mine')).toEqual(Buffer.of(0, 255));
    const device: Spec = { name: 'x', type: 'character-device', device: { major: 0, minor: 0 } };
    await refused(root, [device], 'is device 0:0');
  });

  it('L8: numbers and names that readers disagree about are refused', async () => {
    const file = tarOf([{ name: 'f', content: 'x' }]);
    await refusedBytes(changed(file, 124, Buffer.from('0000000000z\0')), 'not octal');
    await refusedBytes(changed(file, 124, Buffer.alloc(12, 0xff)), 'negative');
    await refusedBytes(changed(file, 156, Buffer.from('S')), 'a map of holes');
    await refusedBytes(changed(file, 156, Buffer.from('Z')), 'unknown type');
    await refusedBytes(changed(file, 156, Buffer.from('5')), 'has content but is a directory');
    await refusedBytes(file.subarray(0, 600), 'ends too early');
    await refusedBytes(Buffer.concat([file, Buffer.from('x'.repeat(512))]), 'bytes after its end');
    const corrupt = Buffer.from(file);
    corrupt[0] = 0x67;
    await refusedBytes(corrupt, 'wrong checksum');
    for (const [record, why] of [
      ['12 path=a\0b\n', 'NUL'],
      ['11 size=-1\n', 'size'],
      ['11 size=+1\n', 'size'],
      ['99 size=1\n', 'lengths'],
      ['22 GNU.sparse.major=1\n', 'sparse'],
      ['9 size=1\n9 size=1\n', 'twice'],
    ] as const)
      await refusedBytes(withPax(record, file), why);
  });

  it('L8: the PAX size is for the file, not for the long name before it', async () => {
    const root = temporaryFolder();
    const [content] = [Buffer.from('abc')];
    const file = tarOf([{ name: 'short', content }]);
    const longName = Buffer.concat([Buffer.from('l'.repeat(150)), Buffer.of(0)]);
    const gnu = tarOf([{ name: '././@LongLink', content: longName }]).subarray(0, 1024);
    await applyTo(
      root,
      withPax('9 size=3\n', Buffer.concat([changed(gnu, 156, Buffer.from('L')), file])),
    );
    expect(readFileSync(join(root, 'l'.repeat(150)), 'utf8')).toBe('abc');
  });

  it('L9: names are bytes', async () => {
    const root = temporaryFolder();
    const long = (byte: number) => Buffer.concat([Buffer.alloc(120, 'x'), Buffer.of(byte)]);
    const names = [Buffer.of(0xff), Buffer.of(0xfe), long(0xff), long(0xfe)];
    const texts = ['\u00e9', 'e\u0301', 'ß', 'ss'].map((name) => Buffer.from(name));
    await apply(
      root,
      [...names, ...texts].map((name) => ({ name, content: name })),
    );
    const found = readdirSync(root, { encoding: 'buffer' });
    expect(found.sort(Buffer.compare)).toEqual([...names, ...texts].sort(Buffer.compare));
    await refused(root, [{ name: '' }], 'is empty');
  });

  it('R7: another diffId is refused, as is a layer with a member more', async () => {
    const tar = tarOf([{ name: 'f' }]);
    const other = digestOf(Buffer.from('other'));
    await expect(applyTo(temporaryFolder(), tar, other)).rejects.toMatchObject({
      code: 'invalid-image',
      message: `a layer unpacks to \`${digestOf(tar)}\`, but its image says \`${other}\``,
    });
    const twice = Buffer.concat([gzipSync(tar), gzipSync(tar)]);
    await expect(applyGzip(twice, digestOf(tar))).rejects.toMatchObject({ code: 'invalid-image' });
    await expect(applyGzip(gzipSync(tar).subarray(0, -9), digestOf(tar))).rejects.toMatchObject({
      code: 'invalid-image',
    });
  });

  it('Z1: a compression bomb stops early', async () => {
    const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 });
    const huge = tarOf([{ name: 'zeros', size: 7 * 2 ** 30 }]).subarray(0, 512);
    const bomb = Buffer.concat([gzipSync(huge), ...Array<Buffer>(24).fill(zeros)]);
    const before = process.memoryUsage().rss;
    await expect(applyGzip(bomb, digestOf(huge))).rejects.toThrow(/unpacks to more than/);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  });

  it('Z3: many whiteouts of one folder take linear time', async () => {
    const specs = Array.from({ length: 20_000 }, (_, at) => [
      { name: `d/f${at}` },
      { name: 'd/.wh..wh..opq' },
    ]).flat();
    const fewer = specs.slice(0, specs.length / 8);
    const few = await effort(() => apply(temporaryFolder(), fewer), 2);
    // eight times as many; if each looked through the folder it would be sixty-four times as long
    expect(await effort(() => apply(temporaryFolder(), specs))).toBeLessThan(24 * few);
  });
});

describe.skipIf(!isRoot)(`whiteouts in a stack of layers${needsRoot}`, () => {
  it.each([
    ['before', [{ name: '.wh.d' }, { name: 'd/new' }]],
    ['after', [{ name: 'd/new' }, { name: '.wh.d' }]],
    ['inside before', [{ name: 'd/.wh..wh..opq' }, { name: 'd/new' }]],
    ['inside after', [{ name: 'd/new' }, { name: 'd/.wh..wh..opq' }]],
    ['through a link', [{ name: 'd/new' }, { name: 'alias/.wh..wh..opq' }]],
  ] satisfies [string, Spec[]][])('hide lower files only: %s', async (_, specs) => {
    const base = temporaryFolder();
    mkdirSync(join(base, 'd/sub'), { recursive: true });
    writeFileSync(join(base, 'd/sub/old'), '');
    symlinkSync('d', join(base, 'alias'));
    const { rootFd, merged } = stackOn(base);
    await apply(merged, specs);
    expect(readdirSync(join(merged, 'd'))).toEqual(['new']);
    expect(existsSync(join(base, 'd/sub/old'))).toBe(true);
    closeSync(rootFd);
  });

  it('keep owner, mode and time of a folder that only lower layers describe', async () => {
    const base = temporaryFolder();
    await apply(base, [{ name: 'd', type: 'directory', mode: 0o1777, uid: 5, mtime: 77 }]);
    const { rootFd, merged, upper } = stackOn(base);
    await apply(merged, [{ name: 'd/new' }]);
    for (const root of [merged, upper])
      expect(statSync(join(root, 'd'))).toMatchObject({ mode: 0o041777, uid: 5, mtimeMs: 77_000 });
    closeSync(rootFd);
  });
});

function apply(root: string, specs: Spec[]): Promise<void> {
  return applyTo(root, tarOf(specs));
}

async function refused(root: string, specs: Spec[], why: string): Promise<void> {
  const attempt = apply(root, specs);
  await expect(attempt).rejects.toMatchObject({ code: 'invalid-image' });
  await expect(attempt).rejects.toThrow(why);
}

async function refusedBytes(tar: Buffer, why: string): Promise<void> {
  const attempt = applyTo(temporaryFolder(), tar);
  await expect(attempt).rejects.toMatchObject({ code: 'invalid-image' });
  await expect(attempt).rejects.toThrow(why);
}

async function applyGzip(content: Buffer, expectedDiffId: ReturnType<typeof digestOf>) {
  const blob = join(temporaryFolder(), 'layer');
  writeFileSync(blob, content);
  const rootFd = openSync(temporaryFolder(), 'r');
  try {
    await applyLayer({
      blob,
      most: plenty,
      mediaType: mediaTypes.layerGzip,
      rootFd,
      expectedDiffId,
    });
  } finally {
    closeSync(rootFd);
  }
}

/** The first header with other bytes at `at`, and a right checksum. */
function changed(tar: Buffer, at: number, bytes: Buffer): Buffer {
  const copy = Buffer.from(tar);
  bytes.copy(copy, at);
  copy.write(headerSum(copy).toString(8).padStart(6, '0'), 148, 'latin1');
  return copy;
}

function withPax(record: string, rest: Buffer): Buffer {
  const header = tarOf([{ name: 'pax', content: record }]).subarray(0, 1024);
  return Buffer.concat([changed(header, 156, Buffer.from('x')), rest]);
}

it('GNU tar reads what the strict reader accepts', () => {
  const tar = join(temporaryFolder(), 't.tar');
  writeFileSync(tar, withPax('9 size=3\n', tarOf([{ name: 'f', content: 'abc' }])));
  expect(execFileSync('tar', ['-tvf', tar]).toString()).toMatch(/ 3 .* f\n$/);
});
