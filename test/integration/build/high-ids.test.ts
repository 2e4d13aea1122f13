/** Ids above 65,535, as clusters and directories number their users. */
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { testUser } from '../../helpers/users.ts';
import { hostileBase } from '../escapes/hostile-base.ts';
import { errorText, stepOutput, type Workplace, workplace } from './workplace.ts';

const ranged = testUser('range');
const made: Workplace[] = [];
afterAll(() => made.forEach((each) => void each.remove()));

const instructions = {
  run: 'RUN touch /run-made && chown 1407182137:1059092950 /run-made',
  copy: 'COPY --chown=231664:89939 file /copied',
  workdir: 'USER 1000660000:0\nWORKDIR /work',
  user: 'USER 1000660000:0\nRUN id -u; touch /tmp/mine; stat -c %u:%g /run-made /copied /tmp/mine',
};

describe.skipIf(process.getuid?.() !== 0)('root', () => {
  it('builds and runs with ids above a billion, and reads what it wrote', async () => {
    const place = workplace();
    made.push(place);
    const all = Object.values(instructions).join('\n');
    const built = await place.build({ dockerfile: `FROM base\n${all}`, files: { file: '' } });
    expect(built.exitCode, errorText(built.stderr)).toBe(0);
    expect(stepOutput(built.stderr)).toEqual([
      ...['1000660000', '1407182137:1059092950', '231664:89939', '1000660000:0'],
    ]);
    const image = built.image();
    expect(image.entry('copied')).toContain(' 231664/89939');
    expect(image.entry('work')).toContain(' 1000660000/');
    // read back into another state folder
    const words = ['run', '--root', `${place.root}-other`, '--network', 'none'];
    const { stdout, stderr } = await place.mpkit([
      ...[...words, `oci-layout://${built.out}`, '--', 'sh', '-c'],
      'id -u; stat -c %u:%g /run-made /copied',
    ]);
    execFileSync('rm', ['-rf', `${place.root}-other`]);
    expect(stdout, stderr).toBe('1000660000\n1407182137:1059092950\n231664:89939\n');
    const lent = await place.build({
      dockerfile: 'FROM base\nRUN stat -c %u:%g /z',
      args: hostileBase(place, [{ name: 'z', content: 'high', uid: 1407182137, gid: 65536 }]),
    });
    expect(stepOutput(lent.stderr), lent.stderr).toEqual(['1407182137:65536']);
    const above = await place.build({ dockerfile: 'FROM base\nUSER 4000000000\nRUN id' });
    expect(errorText(above.stderr)).toContain(
      'cannot run as `4000000000`: there is no user 4000000000: ids end at 2,147,483,646 here\n',
    );
  });
});

describe.skipIf(!ranged.ok)(`an ordinary user${ranged.why}`, () => {
  it.each([
    [instructions.run, /`.*chown 1407182137:1059092950 .*` exited with 1$/m],
    [
      instructions.copy,
      /`.*copied` cannot belong to 231664:89939: there is no user 231664 and no /,
    ],
    [
      instructions.workdir,
      /`\/work` cannot belong to `1000660000:0`: there is no user 1000660000:/,
    ],
    ['USER 1000660000:0\nRUN id', /cannot run as `1000660000:0`: there is no user 1000660000:/],
  ])('is told where the range ends: %s', async (dockerfile, message) => {
    if (!ranged.ok) return;
    const place = placeOnce();
    const result = await place.build({
      dockerfile: `FROM base\n${dockerfile}`,
      files: { file: '' },
    });
    expect(result.exitCode, result.stderr).toBe(1);
    const text = errorText(result.stderr);
    expect(text).toMatch(message);
    expect(text).toMatch(/ids end at 65,53[56] here/);
    expect(text).toMatch(/^hint: .*range of yours in \/etc\/subuid and \/etc\/subgid/m);
  });

  it('is told so of a base image, too', async () => {
    const place = placeOnce();
    const args = hostileBase(place, [{ name: 'z', content: 'high', uid: 1407182137 }]);
    const result = await place.build({ dockerfile: 'FROM base\nRUN ls', args });
    expect(errorText(result.stderr)).toMatch(
      /`z` of the image belongs to 1407182137:0: there is no user 1407182137: .*end at 65,53[56]/,
    );
  });

  let once: Workplace | undefined;
  function placeOnce(): Workplace {
    once ??= workplace(ranged);
    if (!made.includes(once)) made.push(once);
    return once;
  }
});
