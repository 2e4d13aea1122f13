/** Handlers that still run a probe, and yet are not whole: seen, told and mended. */
import { describe, expect, it } from 'vitest';
import { cpus, formatEntry } from '../../../src/binfmt/index.ts';
import { hostPlatform } from '../../../src/platform.ts';
import { flat } from '../../helpers/flat.ts';
import type { Outcome } from '../../helpers/mpkit.ts';
import { privateHost } from '../../helpers/private-host.ts';
import { freshSteps } from './fresh-steps.ts';

const host = privateHost();
const steps = freshSteps(host);

const foreign = cpus.find(
  ({ architecture }) => architecture !== hostPlatform().architecture && architecture !== '386',
)!;
const cpu = foreign.architecture;
const emulators = '/usr/lib/mpkit/emulators';

describe.skipIf(!host.ok)(`on a private host${host.why}`, () => {
  it.each([
    ['is gone', `rm ${emulators}/*`],
    [
      'has other content',
      `for each in ${emulators}/*; do cp /bin/true $each.x; mv $each.x $each; done`,
    ],
  ])('places an emulator again whose file %s', async (_, damage) => {
    const [, , mended, again, digest] = await steps(
      `mpkit binfmt install ${cpu} --persist`,
      damage,
      `mpkit binfmt install ${cpu} --persist --json`,
      `mpkit binfmt install ${cpu} --replace --persist --json`,
      `cd ${emulators} && sha256sum * | while read sum name; do echo "$name $sum"; done`,
    );
    expect(result(mended!)).toMatchObject({ result: 'replaced', ok: true });
    expect(JSON.parse(mended!.stdout).boot).toMatchObject({ ok: true, tried: true });
    expect(result(again!)).toMatchObject({ result: 'present' });
    expect(digest!.stdout).toMatch(/^qemu-\S+-([0-9a-f]{16}) \1[0-9a-f]{48}\n$/);
  });

  it('does not believe a rule that catches the probe and misses other programs', async () => {
    const line = formatEntry({
      name: 'theirs',
      match: { offset: 0, magic: foreign.magic, mask: Buffer.alloc(foreign.magic.length, 0xff) },
      interpreter: '/usr/bin/qemu-x',
      flags: 'PF',
    });
    const [, verify, whole, install, status, mended, after] = await steps(
      `mpkit binfmt install ${cpu} && cp ${emulators}/* /usr/bin/qemu-x && mpkit binfmt uninstall all && ` +
        `printf %s '${line}' > /proc/sys/fs/binfmt_misc/register`,
      `mpkit binfmt verify ${cpu} --property runs`,
      `mpkit binfmt verify ${cpu} --property chroot`,
      `mpkit binfmt install ${cpu}`,
      'mpkit binfmt status',
      `mpkit binfmt install ${cpu} --replace --json`,
      `mpkit binfmt verify ${cpu} --property runs`,
    );
    const wrong = 'misses position-independent programs';
    expect(verify!.exitCode).toBe(1);
    expect(flat(verify!.stdout)).toContain(wrong);
    expect(whole!.exitCode).toBe(0);
    expect(install!.exitCode).toBe(1);
    expect(flat(install!.stdout)).toMatch(
      /BROKEN.*misses position-independent.*`--replace` mends it/,
    );
    expect(flat(status!.stdout)).toContain(wrong);
    expect(result(mended!)).toMatchObject({ result: 'replaced', ok: true });
    expect(after!.exitCode).toBe(0);
  });

  it('leaves no folder behind when it is ended, and removes what a killed one left', async () => {
    const left = 'ls -d /var/cache/mpkit /tmp/mpkit-binfmt-* 2> /dev/null | sort';
    const run = (signal: string) =>
      `mpkit binfmt install all > log 2>&1 & for n in $(seq 6000); do [ -e /var/cache/mpkit/binfmt-install ] && break; sleep 0.01; done; kill -${signal} $!; wait $!; echo $?`;
    const [before, ended, after, killed, rest, whole, last] = await steps(
      left,
      run('TERM'),
      left,
      run('KILL'),
      left,
      `mpkit binfmt install ${cpu} --json`,
      left,
    );
    expect(ended!.stdout).toBe('143\n');
    expect(after!.stdout).toBe(before!.stdout);
    expect(killed!.stdout).toBe('137\n');
    expect(rest!.stdout).toContain('/var/cache/mpkit');
    expect(result(whole!).ok).toBe(true);
    expect(last!.stdout).toBe(before!.stdout);
  });

  it('waits for no child that an emulator leaves behind', async () => {
    const line = formatEntry({
      name: 'forking',
      match: { offset: 0, magic: foreign.magic, mask: foreign.mask },
      interpreter: '/usr/bin/forking',
      flags: '',
    });
    const emulator = (text: string) =>
      `printf '#!/bin/sh\n${text}\n' > /usr/bin/forking; chmod +x /usr/bin/forking`;
    // who waited for it would take longer than this test may
    const child = 'sleep 999 & echo $! >> /run/children';
    const [, , status, ended, , hung] = await steps(
      emulator(`${child}; echo nothing`),
      `printf %s '${line}' > /proc/sys/fs/binfmt_misc/register`,
      'mpkit binfmt status --json',
      'for n in $(seq 300); do ps -o stat= -p $(cat /run/children) | grep -qv ^Z || break; sleep 0.1; done; ps -o stat= -p $(cat /run/children)',
      `rm /run/children; ${emulator(`setsid ${child}; wait`)}`,
      `mpkit binfmt verify ${cpu} --property runs --json; kill $(cat /run/children)`,
    );
    const [handler] = JSON.parse(status!.stdout).handlers;
    expect(handler).toMatchObject({ works: 'no', detail: expect.stringContaining('status 0') });
    expect(ended!.stdout.replaceAll(/^Z\S*\n/gm, '')).toBe('');
    expect(JSON.parse(hung!.stdout).rows[0].cells.runs.detail).toContain(
      'does not end within 10 seconds',
    );
  });
});

function result({ stdout, stderr }: Outcome) {
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout).architectures[0];
}
