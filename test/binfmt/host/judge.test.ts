import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cpuOf, judgeHandler, type RegisteredEntry } from '../../../src/binfmt/index.ts';
import { probeFolder } from '../../../src/paths.ts';
import { hostPlatform } from '../../../src/platform.ts';

const root = mkdtempSync(join(tmpdir(), 'mpkit-judge-'));
afterAll(() => rmSync(root, { recursive: true }));
const view = { root, instance: join(root, 'binfmt_misc') };

const own = hostPlatform().architecture;
const guest = own === 'arm64' ? 'riscv64' : 'arm64';
place('/good', own);
place('/foreign', guest);
place('/closed', own, 0o644);
dynamic('/dynamic');

it.each<[string, Partial<RegisteredEntry>, string[]]>([
  ['a good one', {}, []],
  ['one without F', { flags: 'P' }, ['no-fix-flag']],
  ['one without P', { flags: 'F' }, ['no-argv0-flag']],
  ['one with C', { flags: 'POCF' }, ['credentials']],
  ['one that is switched off', { enabled: false }, ['disabled']],
  [
    'one whose file is gone',
    { interpreter: '/gone', flags: 'P' },
    ['missing-interpreter', 'no-fix-flag'],
  ],
  ['one that may not be executed', { interpreter: '/closed' }, ['not-executable']],
  ['a dynamic one', { interpreter: '/dynamic' }, ['dynamic-interpreter']],
  ['one for another CPU', { interpreter: '/foreign' }, ['wrong-cpu']],
  ['one with a rule for another CPU', { match: ruleOf('s390x') }, ['wrong-mask']],
  ['one that the kernel holds in memory', { interpreter: '/proc/self/fd/0', flags: 'PF' }, []],
  ['one of Wine', { name: 'wine', match: { extension: 'exe' }, interpreter: '/gone' }, []],
])('%s is told from others', (_, change, ids) => {
  const match = ruleOf(guest);
  const name = cpuOf(guest)!.qemu[0]!;
  const handler = { name, match, interpreter: '/good', flags: 'PF', enabled: true, ...change };
  expect(judgeHandler(view, handler).map(({ id }) => id)).toEqual(ids);
});

it('takes a file that is gone for a note where the kernel has it open', () => {
  const handler = {
    name: 'qemu-aarch64',
    match: ruleOf('arm64'),
    interpreter: '/gone',
    enabled: true,
  };
  expect(judgeHandler(view, { ...handler, flags: 'PF' })).toMatchObject([{ severity: 'note' }]);
  expect(judgeHandler(view, { ...handler, flags: 'P' })[0]).toMatchObject({ severity: 'problem' });
});

function ruleOf(architecture: string) {
  const { magic, mask } = cpuOf(architecture)!;
  return { offset: 0, magic, mask };
}

function place(path: string, architecture: string, mode = 0o755): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  copyFileSync(join(probeFolder(), architecture), join(root, path));
  chmodSync(join(root, path), mode);
}

/** One program header, PT_INTERP, and the loader's name behind it; 64-bit little endian. */
function dynamic(path: string): void {
  const { elf } = cpuOf(own)!;
  const file = Buffer.alloc(64 + 56 + 16);
  file.write('7f454c46020101', 'hex');
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(elf.machine, 18);
  file.writeBigUInt64LE(1n, 24);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(3, 64);
  file.writeBigUInt64LE(120n, 72);
  file.writeBigUInt64LE(11n, 96);
  file.write('/lib/ld.so\0', 120);
  writeFileSync(join(root, path), file);
  chmodSync(join(root, path), 0o755);
}
