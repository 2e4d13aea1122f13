/** What lies in the state folder: whose it is, and whether it is as it was made. */
import {
  appendFileSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeNode } from '../../../src/libc.ts';
import { tarOf } from '../../builder/image/workshop.ts';
import { testUser } from '../../helpers/users.ts';
import { withLayers } from './layouts.ts';
import { blobFile, errorText, readImage, type Workplace, workplace } from './workplace.ts';

const ranged = testUser('range');
const callers = [
  ['root or whoever runs the tests', undefined],
  [`an ordinary user${ranged.why}`, ranged],
] as const;
const places: Workplace[] = [];
afterAll(() => places.forEach((each) => void each.remove()));
const newPlace = (user?: typeof ranged) => {
  const place = workplace(user);
  places.push(place);
  return place;
};

describe.each(callers)('for %s', (_, user) => {
  it.skipIf(user && !user.ok)(
    'a layout has to have the blobs of its layers (Z8)',
    async () => {
      const place = newPlace(user);
      const tar = tarOf([{ name: 'secret', content: 'of another image', uid: 0, gid: 0 }]);
      const own = withLayers(place.base, join(place.folder, 'own'), [tar]);
      const first = await place.build({
        dockerfile: 'FROM own\nRUN cat /secret',
        args: ['--build-context', `own=oci-layout://${own}`],
      });
      expect(first.exitCode, first.stderr).toBe(0);
      expect(first.stderr).toContain('of another image');

      const gone = withLayers(place.base, join(place.folder, 'gone'), [tar]);
      const [{ digest }] = readImage(gone).manifest.layers.slice(-1);
      // another packing, which nobody has had
      const thief = withLayers(place.base, join(place.folder, 'thief'), [tar], { level: 1 });
      const missing = readImage(thief).manifest.layers.at(-1).digest;
      expect(missing).not.toBe(digest);
      rmSync(blobFile(thief, missing));
      const other = withLayers(place.base, join(place.folder, 'other'), [tarOf([{ name: 'x' }])], {
        claimed: tar,
      });
      const context = { thief, other };
      for (const [name, why] of [
        ['thief', `lacks blob \`${missing}\``],
        ['other', 'but its image says'],
      ] as const) {
        const layout = `${name}=oci-layout://${context[name]}`;
        const words = ['--build-context', layout];
        for (const line of ['RUN cat /secret', 'LABEL a=b']) {
          const built = await place.build({ dockerfile: `FROM ${name}\n${line}`, args: words });
          expect(built.exitCode).toBe(1);
          expect(built.stderr).not.toContain('of another image');
          expect(errorText(built.stderr)).toContain(why);
        }
        const ran = await place.mpkit([
          'run',
          '--platform',
          'linux/amd64',
          `oci:${context[name]}`,
          '--',
          'cat',
          '/secret',
        ]);
        expect(ran.exitCode).not.toBe(0);
        expect(ran.stdout).toBe('');
        expect(ran.stderr).toContain(why);
      }
    },
    180_000,
  );

  it.skipIf(user && !user.ok)(
    'one other byte in a blob or layer is noticed, and made good',
    async () => {
      const place = newPlace(user);
      const spec = {
        dockerfile: 'FROM base\nRUN echo made > /made\nRUN cat /made > /copied',
        context: 'same',
      };
      const first = await place.build(spec);
      expect(first.exitCode, first.stderr).toBe(0);
      const { manifest } = readImage(first.out);
      expect(await checked(place)).toMatchObject({ exitCode: 0, damaged: [] });

      for (const { digest } of [...manifest.layers, manifest.config]) {
        flip(join(place.root, 'blobs/sha256', digest.slice(7)));
        const built = await place.build(spec);
        if (built.exitCode !== 0) {
          expect(errorText(built.stderr)).toContain(`\`${digest}\` was changed`);
          expect((await place.build(spec)).exitCode).toBe(0);
        }
        expect(readImage(built.out).manifest).toEqual(manifest);
        expect(await checked(place)).toMatchObject({ exitCode: 0 });
      }
      const digest = manifest.layers.at(-1).digest;
      flip(join(place.root, 'blobs/sha256', digest.slice(7)));
      expect(await checked(place)).toEqual({ exitCode: 1, damaged: [`blob ${digest}`] });

      const diffId = readImage(first.out).config.rootfs.diff_ids.at(-2);
      const file = join(place.root, 'layers', diffId.slice(7), 'made');
      const { atime, mtime } = statSync(file);
      flip(file);
      utimesSync(file, atime, mtime);
      const more = { ...spec, dockerfile: `${spec.dockerfile}\nRUN cat /made` };
      const refused = await place.build(more);
      expect(refused.exitCode).toBe(1);
      expect(errorText(refused.stderr)).toContain('was changed after it was made');
      const again = await place.build(more);
      expect(again.exitCode, again.stderr).toBe(0);
      expect(again.stderr).toMatch(/ made$/m);
      appendFileSync(file, 'x');
      expect(await checked(place)).toEqual({ exitCode: 1, damaged: [`layer ${diffId}`] });
      expect(await checked(place)).toEqual({ exitCode: 0, damaged: [] });
    },
    240_000,
  );
});

it('check names what is no file, goes on, and builds do not wait for it', async () => {
  const place = newPlace();
  const spec = { dockerfile: 'FROM base\nRUN echo made > /made', context: 'same' };
  const args = ['--platform', 'linux/amd64'];
  const first = await place.build({ ...spec, args });
  expect(first.exitCode, first.stderr).toBe(0);
  const { manifest } = readImage(first.out);
  const [pipe, link, folder] = [...manifest.layers.slice(-2), manifest.config].map(
    (each) => each.digest,
  );
  const put = () => {
    const paths = [pipe, link, folder].map((each) =>
      join(place.root, 'blobs/sha256', each.slice(7)),
    );
    for (const path of paths) rmSync(path, { force: true, recursive: true });
    const [one, two, three] = paths as [string, string, string];
    makeNode(one, 0o010644);
    symlinkSync(blobFile(first.out, link), two);
    mkdirSync(three);
  };
  put();
  for (const path of ['layers', 'cache', 'builds'])
    makeNode(join(place.root, path, `${'0'.repeat(64)}.json`), 0o010644);
  const { exitCode, stdout, stderr } = await place.mpkit(['check']);
  expect(exitCode, stderr).toBe(1);
  for (const [digest, kind] of [
    [pipe, 'no file'],
    [link, 'a link'],
    [folder, 'a folder'],
  ])
    expect(stdout).toContain(`blob ${digest} (${kind}) was changed: dropped, the next build`);
  expect(stdout).toMatch(/: 3 changed, 0 not readable\n$/);
  expect((await place.mpkit(['check'])).exitCode).toBe(0);
  expect(readFileSync(blobFile(first.out, link)).length).toBeGreaterThan(0);

  const again = await place.build({ ...spec, args });
  expect(again.exitCode, again.stderr).toBe(0);
  expect(readImage(again.out).manifest).toEqual(manifest);
  put();
  const refused = await place.build({ ...spec, args });
  expect(refused.exitCode).toBe(1);
  expect(errorText(refused.stderr)).toContain(`${folder.slice(7)}\` is a folder, where a blob`);
  expect(errorText(refused.stderr)).toContain('hint: `mpkit check` drops it');
  await place.mpkit(['check']);
  const good = await place.build({ ...spec, args });
  expect(readImage(good.out).manifest).toEqual(manifest);
}, 120_000);

it('history inspect makes nothing, and says what is gone', async () => {
  const place = newPlace();
  const built = await place.build({ dockerfile: 'FROM base\nRUN true' });
  expect(built.exitCode, built.stderr).toBe(0);
  const blobs = join(place.root, 'blobs');
  rmSync(
    join(blobs, 'sha256', readImage(built.out, 'linux/amd64').manifest.config.digest.slice(7)),
  );
  const inspect = async () => (await place.mpkit(['history', 'inspect'])).stdout;
  expect(await inspect()).toMatch(/^ {2}removed since$/m);
  rmSync(blobs, { recursive: true });
  expect(await inspect()).toMatch(/^ {2}removed since$/m);
  expect(existsSync(blobs)).toBe(false);
}, 120_000);

it('an image gives the same digest whatever was stored before', async () => {
  const tar = tarOf([{ name: 'f', content: 'x', uid: 0, gid: 0 }]);
  const [warm, cold] = [newPlace(), newPlace()];
  const build = (place: Workplace, level: number) => {
    const layout = withLayers(place.base, join(place.folder, `level-${level}`), [tar], { level });
    const args = ['--build-context', `it=oci-layout://${layout}`];
    return place.build({ dockerfile: 'FROM it\nLABEL a=b', args });
  };
  expect((await build(warm, 1)).exitCode).toBe(0);
  const [second, alone] = [await build(warm, 9), await build(cold, 9)];
  expect(readImage(second.out).manifest).toEqual(readImage(alone.out).manifest);
}, 120_000);

it('all layers of a base have one bound together (Z1)', async () => {
  const place = newPlace();
  const layers = Array.from({ length: 4 }, (_, at) =>
    tarOf([{ name: `ones-${at}`, content: Buffer.alloc(3 << 20, 1), uid: 0, gid: 0 }]),
  );
  const layout = withLayers(place.base, join(place.folder, 'bomb'), layers);
  const spec = {
    dockerfile: 'FROM bomb\nRUN true',
    args: ['--build-context', `bomb=oci-layout://${layout}`],
  };
  const limited = { env: { MPKIT_UNPACK_LIMIT: '12m' } };
  const refused = await place.build(spec, limited);
  expect(refused.exitCode).toBe(1);
  expect(errorText(refused.stderr)).toMatch(/layer \d of \d .*unpacks to more than/);
  expect(errorText(refused.stderr)).toContain('MPKIT_UNPACK_LIMIT=64g');
  const built = await place.build(spec);
  expect(built.exitCode, built.stderr).toBe(0);
  // what was unpacked before counts as much
  expect(
    (await place.build({ ...spec, dockerfile: 'FROM bomb\nRUN false' }, limited)).stderr,
  ).toContain('unpacks to more than');
  const wrong = await place.build(spec, { env: { MPKIT_UNPACK_LIMIT: 'much' } });
  expect(errorText(wrong.stderr)).toContain('invalid MPKIT_UNPACK_LIMIT');
}, 120_000);

it('reads what it wrote: zeros and holes are no part of the bound', async () => {
  const place = newPlace();
  const args = ['--platform', 'linux/amd64'];
  const made = await place.build({
    dockerfile: `FROM base
RUN head -c 40m /dev/zero > /zeros && truncate -s 40M /sparse && cp /zeros /mixed
RUN for at in 0 9 39; do echo $at | dd of=/mixed bs=1M seek=$at conv=notrunc; done
RUN sha256sum /zeros /sparse /mixed > /sums
`,
    args,
  });
  expect(made.exitCode, made.stderr).toBe(0);
  const read = await newPlace().build(
    {
      dockerfile: `FROM it
RUN sha256sum -c /sums && test $(du -k /zeros /sparse /mixed | awk '{ n += $1 } END { print n }') -lt 2000
`,
      args: [...args, '--build-context', `it=oci-layout://${made.out}`],
    },
    { env: { MPKIT_UNPACK_LIMIT: '12m' } },
  );
  expect(read.exitCode, errorText(read.stderr)).toBe(0);
}, 120_000);

it('prune says what the disk gains', async () => {
  const place = newPlace();
  await place.mpkit(['prune']);
  const folder = join(place.root, 'blobs');
  mkdirSync(folder);
  const big = join(folder, 'big');
  writeFileSync(big, Buffer.alloc(5_000_000, 'x'));
  linkSync(big, join(folder, 'again'));
  linkSync(big, join(folder, 'third'));
  writeFileSync(join(folder, 'kept'), Buffer.alloc(3_000_000, 'y'));
  linkSync(join(folder, 'kept'), join(place.folder, 'kept-elsewhere'));
  writeFileSync(join(folder, 'holes'), '');
  truncateSync(join(folder, 'holes'), 900_000_000);
  const { uid, gid } = statSync(place.root);
  for (const name of ['', 'big', 'kept', 'holes']) chownSync(join(folder, name), uid, gid);
  const { stdout, stderr } = await place.mpkit(['prune']);
  expect(stderr).toBe('');
  const freed = Number(/^freed (\d+\.\d) MB/.exec(stdout)?.[1]);
  expect(freed).toBeGreaterThanOrEqual(5);
  expect(freed).toBeLessThan(6);
}, 60_000);

/** The words that `checkStore` has for what was changed. */
async function checked(place: Workplace) {
  const { exitCode, stdout, stderr } = await place.mpkit(['check', '--json']);
  expect(stderr).toBe('');
  return { exitCode, damaged: JSON.parse(stdout).damaged as string[] };
}

/** Another byte in the middle, the size as before. */
function flip(path: string): void {
  const fd = openSync(path, 'r+');
  const at = Math.floor(statSync(path).size / 2);
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, at);
  byte[0]! ^= 0x20;
  writeSync(fd, byte, 0, 1, at);
  closeSync(fd);
}
