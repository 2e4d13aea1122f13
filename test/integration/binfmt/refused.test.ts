/** What cannot be written, or is somebody else's: told after what was done, and left as it is. */
import { describe, expect, it } from 'vitest';
import { cpus } from '../../../src/binfmt/index.ts';
import { hostPlatform } from '../../../src/platform.ts';
import { flat } from '../../helpers/flat.ts';
import { privateHost } from '../../helpers/private-host.ts';
import { freshSteps } from './fresh-steps.ts';

const host = privateHost();
const steps = freshSteps(host);

const { architecture: cpu } = cpus.find(
  ({ architecture }) => architecture !== hostPlatform().architecture && architecture !== '386',
)!;
const install = `mpkit binfmt install ${cpu}`;
const conf = '/etc/binfmt.d/zz-mpkit.conf';

describe.skipIf(!host.ok)(`on a private host${host.why}`, () => {
  it('tells what it registered, then that a read-only /etc keeps nothing', async () => {
    const [, kept, json, uninstall] = await steps(
      'mount -o remount,ro /etc',
      `${install} --persist`,
      `${install} --persist --json`,
      'mpkit binfmt uninstall all',
    );
    expect(flat(kept!.stdout)).toMatch(
      /ok, registered.* NOT kept for the next boot: `\/etc` is read-only \(mpkit-/,
    );
    expect(kept!.stdout).not.toMatch(/not verified|kept for the next boot by/);
    expect(kept).toMatchObject({ exitCode: 1, stderr: '' });
    expect(JSON.parse(json!.stdout)).toMatchObject({
      ok: false,
      architectures: [{ result: 'present' }],
      boot: { files: [], ok: false, refused: [{ why: '`/etc` is read-only' }] },
    });
    expect(uninstall!.exitCode).toBe(0);
  });

  it('forgets nothing silently where /etc became read-only', async () => {
    const [, , uninstall] = await steps(
      `${install} --persist`,
      'mount -o remount,ro /etc',
      'mpkit binfmt uninstall all',
    );
    expect(uninstall!.exitCode).toBe(1);
    expect(uninstall!.stderr).toContain('`/etc` is read-only');
    expect(uninstall!.stderr).not.toContain('internal');
  });

  it('places emulators below /etc where /usr is read-only', async () => {
    const [, installed, gone, left] = await steps(
      'mount -o remount,ro /usr',
      `${install} --persist --json`,
      'mpkit binfmt uninstall all',
      'ls -d /etc/mpkit',
    );
    const report = JSON.parse(installed!.stdout);
    expect(report.architectures[0]).toMatchObject({ result: 'registered', ok: true });
    expect(report.architectures[0].interpreter).toMatch(/^\/etc\/mpkit\/emulators\/qemu-/);
    expect(report.boot).toMatchObject({ ok: true, tried: true });
    expect(gone!.exitCode).toBe(0);
    expect(left!.stdout).toBe('');
  });

  it('says that neither place can be written', async () => {
    const [, , installed] = await steps(
      'mount -o remount,ro /usr',
      'mount -o remount,ro /etc',
      install,
    );
    expect(installed!.exitCode).toBe(1);
    expect(flat(installed!.stdout)).toMatch(/FAILED.*(read-only|EROFS)/);
    expect(installed!.stderr).toBe('');
  });

  it.each([
    ['of somebody else', `mkdir -p /etc/binfmt.d; echo '# mine' > ${conf}`],
    [
      'that is a link',
      `mkdir -p /etc/binfmt.d; echo '# mine' > /etc/mine; ln -s /etc/mine ${conf}`,
    ],
  ])('leaves a file %s in the place of its own', async (_, made) => {
    const [, kept, uninstall, file] = await steps(
      made,
      `${install} --persist`,
      'mpkit binfmt uninstall all',
      `ls -l ${conf}; cat ${conf}`,
    );
    expect(kept!.exitCode).toBe(1);
    expect(flat(kept!.stdout)).toMatch(
      /ok, registered.*NOT kept for the next boot: `[^`]*zz-mpkit.conf`/,
    );
    expect(uninstall!.exitCode).toBe(0);
    expect(file!.stdout).toMatch(/# mine\n$/);
    expect(file!.stdout.includes(' -> ')).toBe(made.includes('ln -s'));
  });
});
