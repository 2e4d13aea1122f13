/** An archive that holds an OCI layout, as the image that FROM and COPY --from name. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { testUser } from '../../helpers/users.ts';
import { errorText, type Workplace, workplace } from './workplace.ts';

const ranged = testUser('range');
const places: Workplace[] = [];
afterAll(() => places.forEach((each) => void each.remove()));

async function buildsOnArchive(place: Workplace) {
  places.push(place);
  const archive = join(place.folder, 'base.tar');
  execFileSync('tar', ['-cf', archive, '-C', place.base, '.']);
  const dockerfile = 'FROM packed\nCOPY --from=packed /bin/busybox /copied\nRUN test -s /copied';
  const build = (args: string[]) => place.build({ dockerfile, args });
  const packed = await build(['--build-context', `packed=oci-archive:${archive}`]);
  expect(packed.exitCode, packed.stderr).toBe(0);
  const plain = await build(['--build-context', `packed=oci-layout://${place.base}`]);
  expect(packed.stdout).toBe(plain.stdout);
  const tagged = await build(['--build-context', `packed=oci-archive:${archive}:missing-tag`]);
  expect(tagged.exitCode).toBe(1);
  expect(errorText(tagged.stderr)).toContain('missing-tag');
  const missing = await build(['--build-context', 'packed=oci-archive:nowhere.tar']);
  expect(errorText(missing.stderr)).toBe('mpkit: `nowhere.tar` is no file\n');
}

describe('an archive as build context', () => {
  it('gives what its layout gives', () => buildsOnArchive(workplace()));
  it.skipIf(!ranged.ok)(`does so for an ordinary user${ranged.why}`, () =>
    buildsOnArchive(workplace(ranged)),
  );
});
