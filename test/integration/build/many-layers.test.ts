/** Bases at the edge of what overlayfs and file systems take. */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { tarOf } from '../../builder/image/workshop.ts';
import { withLayers } from './layouts.ts';
import { errorText, readImage, type Workplace, workplace } from './workplace.ts';

const places: Workplace[] = [];
afterAll(() => places.forEach((each) => void each.remove()));
const newPlace = () => {
  const place = workplace();
  places.push(place);
  return place;
};

it('498 layers are built on; 499 and a step are one too many, which is said', async () => {
  const place = newPlace();
  const tars = Array.from({ length: 499 }, (_, at) =>
    tarOf([{ name: `f${at}`, content: `${at}`, uid: 0, gid: 0 }]),
  );
  const build = (count: number, step: string) => {
    const own = readImage(place.base, 'linux/amd64').manifest.layers.length;
    const layout = withLayers(
      place.base,
      join(place.folder, `base-${count}`),
      tars.slice(0, count - own),
    );
    const args = ['--build-context', `many=oci-layout://${layout}`];
    return place.build({ dockerfile: `FROM many\n${step}`, args });
  };
  const built = await build(498, 'RUN test -e /f0 && test -e /f490');
  expect(built.exitCode, built.stderr).toBe(0);
  expect((await build(499, 'LABEL a=b')).exitCode).toBe(0);
  const refused = await build(500, 'RUN true\nRUN true');
  expect(refused.exitCode).toBe(3);
  expect(errorText(refused.stderr)).toMatch(/a file system of 50\d layers, but .* takes 500/);
}, 240_000);

it('a file with more attributes than its file system holds is named', async () => {
  const place = newPlace();
  const xattrs = new Map(
    Array.from({ length: 20_000 }, (_, at) => [`user.x${at}`, Buffer.from('1')] as const),
  );
  const tar = tarOf([{ name: 'many', xattrs, uid: 0, gid: 0 }]);
  const layout = withLayers(place.base, join(place.folder, 'xattrs'), [tar]);
  const args = ['--build-context', `it=oci-layout://${layout}`];
  const built = await place.build({ dockerfile: 'FROM it\nRUN true', args });
  // xfs and btrfs hold them
  if (built.exitCode === 0) return;
  expect(built.exitCode).toBe(3);
  expect(errorText(built.stderr)).toContain('`many` has 20000 extended attributes');
  expect(errorText(built.stderr)).not.toContain('no space left');
}, 60_000);
