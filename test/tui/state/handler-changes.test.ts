import { describe, expect, it } from 'vitest';
import {
  type HandlersSeen,
  installChanges,
  uninstallChanges,
} from '../../../src/tui/state/handler-changes.ts';

const handler = (name: string, cpu: string, more: object = {}) => ({
  ...{ name, platform: `linux/${cpu}`, owner: 'unknown', works: 'yes', findings: [] },
  ...more,
});
const runs = { runs: true, inEmptyRoot: true };
const fails = { runs: false, inEmptyRoot: false };

const seen: HandlersSeen = {
  instance: { mounted: true, enabled: true },
  handlers: [
    handler('mpkit-arm64', 'arm64', { owner: 'mpkit' }),
    handler('theirs', 'riscv64'),
    handler('broken', 's390x', { works: 'no' }),
    handler('mpkit-ppc64le', 'ppc64le', { owner: 'mpkit', works: 'no' }),
    handler('loose', 'loong64', { findings: [{ id: 'wrong-mask', text: '' }] }),
    { name: 'wine', owner: 'unknown', works: 'not-tried', findings: [] },
  ],
  platforms: [
    { platform: 'linux/amd64', ...runs },
    { platform: 'linux/386', ...runs },
    { platform: 'linux/arm64', handler: 'mpkit-arm64', ...runs },
    { platform: 'linux/arm', ...fails },
    { platform: 'linux/riscv64', handler: 'theirs', ...runs },
    { platform: 'linux/s390x', handler: 'broken', ...fails },
    { platform: 'linux/ppc64le', ...fails },
    { platform: 'linux/loong64', handler: 'loose', ...runs },
  ],
};
const install = (...words: string[]) => installChanges(seen, { words, own: 'linux/amd64' });

describe('what an install will change', () => {
  it('names what is made, what is mended, and what of others is left', () => {
    expect(install('all')).toEqual([
      'registers mpkit-arm, mpkit-ppc64le for all programs and users',
      'leaves `theirs`, which works',
      'leaves `broken`, which does not work: R replaces it',
      'leaves `loose`, which does not work: R replaces it',
      'puts the emulators below /usr/lib/mpkit; what is not kept is fetched (70 MB)',
      'until the next restart: no boot configuration is written',
    ]);
  });

  it('names what is replaced', () => {
    expect(install('riscv64', '--replace').slice(0, 2)).toEqual([
      'registers mpkit-riscv64 for all programs and users',
      'takes `theirs` (unknown) away',
    ]);
    expect(install('arm64', '--replace')).toContain(
      'renews mpkit-arm64, if a newer emulator is kept',
    );
  });

  it.each(['arm64', 'aarch64', 'linux/arm64', 'amd64', '386'])(
    'has nothing to do for %s',
    (word) => {
      expect(install(word)).toEqual([expect.stringContaining('registers nothing new')]);
    },
  );

  it('takes CPUs by any of their names, and no other words', () => {
    expect(install('linux/arm/v7')[0]).toBe('registers mpkit-arm for all programs and users');
    expect(install('arm', 'vax')).toEqual(['nothing: no CPU is named by `vax`']);
  });

  it('tells of the boot, of the mount and of the switch', () => {
    expect(install('arm', '--persist').join()).toContain('writes boot configuration');
    const kept = seen.handlers.map((each) => ({ ...each, boot: '/etc/binfmt.d/x.conf' }));
    const words = { words: ['arm'], own: 'linux/amd64' };
    expect(installChanges({ ...seen, handlers: kept }, words).join()).toContain('writes boot');
    const with_ = (instance: HandlersSeen['instance']) =>
      installChanges({ ...seen, ...(instance ? { instance } : {}) }, words)[0];
    expect(with_({ mounted: false })).toBe('mounts binfmt_misc');
    expect(with_({ mounted: true, enabled: false })).toContain('switches on');
  });
});

describe('what an uninstall will change', () => {
  it('names what goes and what stays', () => {
    expect(uninstallChanges(seen, 'all')).toEqual([
      'takes away mpkit-arm64, mpkit-ppc64le',
      'and every boot configuration and emulator of them that mpkit wrote',
      'leaves theirs, broken, loose',
    ]);
    expect(uninstallChanges(seen, 'mpkit-arm64')).toEqual([
      expect.stringContaining('takes the handler `mpkit-arm64` away'),
    ]);
  });
});
