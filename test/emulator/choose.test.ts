import { describe, expect, it } from 'vitest';
import { chooseEmulator, isDigestPrefix } from '../../src/emulator/choose.ts';
import type { EmulatorRecord } from '../../src/emulator/record.ts';

const record = (architecture: string, version: string, hex: string): EmulatorRecord => ({
  architecture,
  version,
  source: { kind: 'path', from: '/usr/bin/qemu' },
  digest: `sha256:${hex.repeat(64 / hex.length)}`,
  size: 1,
  added: '2026-01-01T00:00:00.000Z',
});

const old = record('arm64', '7.2.17', 'aaaaaaaa');
const candidate = record('arm64', '11.1.0-rc1', 'bbbbbbbb');
const newest = record('arm64', '11.1.0', 'dddddddd');
const twin = record('arm64', '11.1.0', 'cccccccc');
const other = record('riscv64', '12.0.0', 'eeeeeeee');
const all = [old, candidate, newest, twin, other];

describe('chooseEmulator', () => {
  it('takes the newest of the architecture, the same one in any order', () => {
    expect(chooseEmulator(all, 'arm64')).toBe(twin);
    expect(chooseEmulator([...all].reverse(), 'arm64')).toBe(twin);
    expect(chooseEmulator(all, 's390x')).toBeUndefined();
  });

  it('takes what is asked for', () => {
    expect(chooseEmulator(all, 'arm64', '7.2')).toBe(old);
    expect(chooseEmulator(all, 'arm64', '11.1.0-rc1')).toBe(candidate);
    expect(chooseEmulator(all, 'arm64', 'dddddd')).toBe(newest);
    expect(chooseEmulator(all, 'arm64', `sha256:${'d'.repeat(12)}`)).toBe(newest);
    expect(chooseEmulator(all, 'arm64', '12')).toBeUndefined();
    expect(chooseEmulator(all, 'arm64', 'eeeeee')).toBeUndefined();
  });
});

it('takes no digest prefix that is too short to mean one', () => {
  expect(isDigestPrefix('aaaaaa', old.digest)).toBe(true);
  expect(isDigestPrefix('AAAAAA', old.digest)).toBe(true);
  expect(isDigestPrefix('aaaaa', old.digest)).toBe(false);
  expect(isDigestPrefix('', old.digest)).toBe(false);
  expect(isDigestPrefix('sha256:', old.digest)).toBe(false);
});
