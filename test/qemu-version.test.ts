import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  isVersionPrefix,
  parseBanner,
  parseVersion,
  upstreamVersion,
} from '../src/qemu-version.ts';

describe('parseVersion', () => {
  it('reads releases and candidates', () => {
    expect(parseVersion('7.2.17')).toEqual({ major: 7, minor: 2, patch: 17 });
    expect(parseVersion('v11.1')).toEqual({ major: 11, minor: 1, patch: 0 });
    expect(parseVersion('10.0.0-rc2')).toEqual({ major: 10, minor: 0, patch: 0, candidate: 2 });
    expect(parseVersion('10.0.0~rc2')?.candidate).toBe(2);
  });

  it.each(['', '7', '7.2.', '7.2.1.1', '7.2 ', '7.2\n', 'x7.2', '7.2-dirty', '99999.1'])(
    'refuses %j',
    (text) => expect(parseVersion(text)).toBeUndefined(),
  );
});

describe('compareVersions', () => {
  it('orders by number, candidates before their release, nonsense first', () => {
    const ordered = [
      '?',
      '7.2',
      '7.2.9',
      '7.2.17',
      '10.0.0-rc2',
      '10.0.0-rc10',
      '10.0.0',
      '11.1.3',
    ];
    const mixed = [...ordered].sort((a, b) => (a < b ? 1 : -1));
    expect(mixed.sort(compareVersions)).toEqual(ordered);
  });

  it('knows that a missing patch is 0', () => {
    expect(compareVersions('11.1', '11.1.0')).toBe(0);
    expect(compareVersions('10.0.0-rc1', '10.0.0~rc1')).toBe(0);
  });
});

describe('isVersionPrefix', () => {
  it('compares whole numbers', () => {
    expect(isVersionPrefix('7', '7.2.17')).toBe(true);
    expect(isVersionPrefix('7.2', '7.2.17')).toBe(true);
    expect(isVersionPrefix('7.2.17', '7.2.17')).toBe(true);
    expect(isVersionPrefix('11.1.0', '11.1')).toBe(true);
    expect(isVersionPrefix('7.2.1', '7.2.17')).toBe(false);
    expect(isVersionPrefix('1', '11.1.3')).toBe(false);
    expect(isVersionPrefix('', '11.1.3')).toBe(false);
    expect(isVersionPrefix('11.', '11.1.3')).toBe(false);
  });
});

describe('parseBanner', () => {
  it('reads what QEMU prints, of several builders', () => {
    expect(
      parseBanner('qemu-aarch64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright'),
    ).toEqual({ program: 'qemu-aarch64', version: '7.2.22' });
    expect(parseBanner('qemu-x86_64 version 10.0.4\n')?.version).toBe('10.0.4');
    expect(parseBanner('qemu-arm version 10.0.0-rc2')?.version).toBe('10.0.0-rc2');
  });

  it.each([
    '',
    'busybox v1.37',
    'QEMU emulator version 10.0.4',
    'hello\nqemu-arm version 10.0.4',
    'qemu-arm version x',
    'qemu-arm version 10.0.4evil',
  ])('refuses %j', (text) => expect(parseBanner(text)).toBeUndefined());
});

describe('upstreamVersion', () => {
  it.each([
    ['1:11.1.3+ds-1', '11.1.3'],
    ['1:10.0.0~rc2+ds-1', '10.0.0-rc2'],
    ['1:7.2+dfsg-7+deb12u18+b3', '7.2'],
    ['2.1-3', '2.1'],
    ['nonsense', undefined],
  ])('of %s is %s', (text, version) => expect(upstreamVersion(text)).toBe(version));
});
