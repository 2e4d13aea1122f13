/** Root's builder has other ids than root: paths must mean inside what they mean outside. */
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { project } from '../../helpers/mpkit.ts';
import { testUser } from '../../helpers/users.ts';

const ranged = testUser('range');
const cases = [
  ['root or the caller', undefined, { ok: true, why: '' }],
  [`a user with a range${ranged.why}`, ranged, ranged],
] as const;

describe.each(cases)('as %s', (_, user, need) => {
  const place = need.ok
    ? project({ 'ctx/Dockerfile': 'FROM scratch\nCOPY f /f\n', 'ctx/f': 'f', 'here/x': '' }, user)
    : undefined;
  afterAll(() => place?.remove());

  /** From a folder beside the context, both below one that only the caller may enter. */
  const build = (args: string[]) =>
    place!.run([
      'sh',
      '-c',
      'cd here && exec "$@"',
      'sh',
      join(import.meta.dirname, '../../../bin/mpkit'),
      ...['build', '-q', ...args],
    ]);

  it.skipIf(!need.ok)('builds what nobody else may read, named by relative paths', async () => {
    chmodSync(dirname(place!.folder), 0o700);
    chmodSync(join(place!.folder, 'ctx/f'), 0o600);
    const result = await build(['-o', 'type=oci,dest=../out/image.tar', '../ctx']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const { uid } = statSync(join(place!.folder, 'out/image.tar'));
    expect(uid).toBe(user?.uid ?? process.getuid?.());
  });

  it.skipIf(!need.ok)('follows links to the context and to the output folder', async () => {
    mkdirSync(join(place!.folder, 'elsewhere'), { recursive: true });
    if (!existsSync(join(place!.folder, 'link'))) symlinkSync('ctx', join(place!.folder, 'link'));
    const result = await build(['-o', 'type=oci,dest=../elsewhere.tar', '../link']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(existsSync(join(place!.folder, 'elsewhere.tar'))).toBe(true);
  });

  it.skipIf(!need.ok)('keeps the state folder that a relative --root names', async () => {
    const args = ['--root', '../state', '-o', 'type=oci,dest=../again.tar', '../ctx'];
    expect(await build(args)).toMatchObject({ exitCode: 0 });
    expect(statSync(join(place!.folder, 'state')).mode & 0o777).toBe(0o700);
  });
});
