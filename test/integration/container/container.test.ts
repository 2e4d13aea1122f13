/** Containers as Docker makes them: their own files on overlayfs, parts of /proc masked, few rights. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { requires } from '../../helpers/requires.ts';
import { errorText, workplace } from '../build/workplace.ts';

const isRoot = process.getuid?.() === 0;
const tools = requires('unshare', 'setpriv', 'pivot_root');
const why = tools.why || (isRoot ? '' : ' (skipped: only root can make one by hand)');
const place = workplace();
afterAll(place.remove);

// a removal, a folder in the place of a removed one, a renamed folder of a lower layer
const dockerfile = [
  'FROM base',
  'RUN mkdir -p /d/e && echo ok > /d/f',
  'RUN rm -r /d && mkdir /d && mv /bin /bin2 && /bin2/busybox mv /bin2 /bin && test ! -e /d/f',
].join('\n');
const flags = ['--build-context', `base=oci-layout://${place.base}`];

function inContainer(proc: 'masked' | 'whole', rights: 'all' | 'usual', words: string[]) {
  const folder = join(dirname(place.folder), `container-${proc}-${rights}`);
  mkdirSync(folder, { recursive: true });
  const script = join(clone, 'test/integration/container/hand-made');
  const mpkit = join(clone, 'bin/mpkit');
  // a state folder that is nobody's yet, so on the container's own overlay
  const state = ['env', `MPKIT_ROOT=/var/tmp/mpkit-state-${process.pid}`];
  return place.run([script, folder, proc, rights, ...state, mpkit, ...words]);
}

describe.skipIf(!isRoot || !tools.ok)(`a container${why}`, () => {
  place.write({ 'c/Dockerfile': dockerfile });
  // with all rights ids are shifted, and overlayfs cannot: a folder that everybody may write to
  const output = ['-o', 'type=oci,dest=/var/tmp/out/image.tar'];
  const build = ['build', '-q', '--network', 'none', ...flags, ...output, 'c'];
  const outside = place.build({ dockerfile, args: ['-q', '--network', 'none'] });

  it.each([
    ['whole', 'all', 'builds with all rights, the state folder on overlayfs'],
    ['masked', 'all', 'builds where /proc is masked and could be unmasked'],
    ['whole', 'usual', "builds with Docker's rights and an unmasked /proc"],
  ] as const)('(%s /proc, %s rights) %s', async (proc, rights, _) => {
    const expected = await outside;
    expect(expected.exitCode, expected.stderr).toBe(0);
    const built = await inContainer(proc, rights, build);
    expect(built.exitCode, built.stderr).toBe(0);
    expect(built.stdout).toBe(expected.stdout);
  });

  it('names the option that unmasks /proc, in `build`, `run` and `doctor`', async () => {
    const run = ['run', '--network', 'none', `oci-layout://${place.base}`, 'true'];
    for (const words of [build, run]) {
      const refused = await inContainer('masked', 'usual', words);
      expect(refused.exitCode).toBe(3);
      expect(errorText(refused.stderr)).toMatch(
        /^mpkit: parts of `\/proc` are masked.*\nhint: .*systempaths=unconfined.*unmask=ALL.*procMount: Unmasked/,
      );
    }
    const doctor = await inContainer('masked', 'usual', ['doctor']);
    expect(doctor.stdout).toMatch(/^tier: none: parts of `\/proc` are masked/m);
    expect(doctor.stdout).toContain('systempaths=unconfined');
  });
});

it('builds in a state folder of an odd name', async () => {
  const root = join(dirname(place.root), 'a b:c,d\\e=f');
  place.write({ 'odd/Dockerfile': dockerfile });
  const built = await place.mpkit([
    ...['build', '-q', '--root', root, '--network', 'none', ...flags],
    ...['-o', 'type=oci,dest=odd.tar', 'odd'],
  ]);
  expect(built.exitCode, built.stderr).toBe(0);
});
