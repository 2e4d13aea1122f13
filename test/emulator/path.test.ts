import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureEmulator } from '../../src/emulator/catalog.ts';
import { addFile, addFromHost } from '../../src/emulator/sources/path.ts';
import { emulatorPath, listEmulators } from '../../src/emulator/store.ts';
import { hostPlatform } from '../../src/platform.ts';
import { requires } from '../helpers/requires.ts';

const compiler = requires('gcc');
const top = mkdtempSync(join(tmpdir(), 'mpkit-path-'));
const programs = join(top, 'programs');
const bin = join(top, 'bin');
let root: string;

/** Compiles a program that prints `text`; what it is made of is what the sources judge. */
function compile(name: string, text: string, flags: string[] = ['-static'], more = ''): string {
  const source = join(top, 'program.c');
  const path = join(programs, name);
  writeFileSync(
    source,
    `#include <stdio.h>\n#include <unistd.h>\nint main(void) { ${more} puts("${text}"); return 0; }`,
  );
  execFileSync('gcc', [...flags, '-o', path, source]);
  return path;
}

beforeAll(() => {
  mkdirSync(programs);
  if (!compiler.ok) return;
  compile('new', 'qemu-aarch64 version 9.9.9 (test)');
  compile('old', 'qemu-aarch64 version 7.2.22 (Debian 1:7.2)');
  compile('arm-pie', 'qemu-arm version 9.9.8', ['-static-pie', '-fPIE']);
  compile('dynamic', 'qemu-riscv64 version 9.9.7', []);
  compile('other', 'hello');
  compile('sparc', 'qemu-sparc version 9.9.9');
  compile('noisy', 'qemu-arm version 9.9.9', ['-static'], 'for (;;) puts("qemu-arm");');
});
beforeEach(() => {
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin);
  root = mkdtempSync(join(top, 'root-'));
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

const program = (name: string) => join(programs, name);
const install = (name: string, as: string, folder = bin) => {
  mkdirSync(folder, { recursive: true });
  copyFileSync(program(name), join(folder, as));
};

describe.skipIf(!compiler.ok)(`one file${compiler.why}`, () => {
  it('is what it says, whatever its name', async () => {
    const record = await addFile(root, program('new'), {});
    expect(record).toMatchObject({
      architecture: 'arm64',
      version: '9.9.9',
      source: { kind: 'path', from: program('new') },
    });
    expect(readFileSync(emulatorPath(root, record))).toEqual(readFileSync(program('new')));
  });

  it('may be a static-pie', async () => {
    expect((await addFile(root, program('arm-pie'), {})).architecture).toBe('arm');
  });

  it.each([
    ['dynamic', /is dynamically linked: it needs `\/lib/],
    ['other', /does not answer `--version` as a QEMU user emulator does$/],
    ['sparc', /is `qemu-sparc`, which serves no platform of mpkit$/],
    ['noisy', /does not answer `--version`/],
  ])('is refused where it is %s', async (name, message) => {
    await expect(addFile(root, program(name), {})).rejects.toMatchObject({
      code: 'emulator-broken',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('qemu-user'),
    });
    expect(await listEmulators(root)).toEqual({ emulators: [], warnings: [] });
  });

  it('must emulate what is asked for', async () => {
    await expect(addFile(root, program('new'), { architecture: 'arm' })).rejects.toMatchObject({
      code: 'invalid-input',
      message: `expected an emulator of arm, but \`${program('new')}\` emulates arm64`,
    });
  });

  it('must be a program of this host', async () => {
    const bytes = readFileSync(program('new'));
    bytes.writeUInt16LE(hostPlatform().architecture === 's390x' ? 62 : 0x1234, 18);
    writeFileSync(program('foreign'), bytes, { mode: 0o755 });
    await expect(addFile(root, program('foreign'), {})).rejects.toMatchObject({
      code: 'emulator-broken',
      message: expect.stringContaining('this host is'),
    });
  });
});

it('refuses a missing path, a folder and text', async () => {
  await expect(addFile(root, join(top, 'none'), {})).rejects.toMatchObject({ code: 'not-found' });
  await expect(addFile(root, top, {})).rejects.toMatchObject({ code: 'invalid-input' });
  writeFileSync(join(top, 'text'), '#!/bin/sh\necho qemu-arm version 9.9.9\n', { mode: 0o755 });
  await expect(addFile(root, join(top, 'text'), {})).rejects.toMatchObject({
    message: expect.stringContaining('is no ELF program'),
  });
});

describe.skipIf(!compiler.ok)(`the host's own${compiler.why}`, () => {
  it('are found by name, the newest of each architecture', async () => {
    install('old', 'qemu-aarch64-static');
    install('new', 'qemu-aarch64', join(top, 'more'));
    install('arm-pie', 'qemu-arm');
    const searchPath = `relative:${bin}::${join(top, 'more')}`;
    const { added } = await addFromHost(root, ['arm64', 'arm'], { searchPath });
    expect(added.map(({ architecture, version }) => `${architecture} ${version}`)).toEqual([
      'arm64 9.9.9',
      'arm 9.9.8',
    ]);
  });

  it('are reported where they cannot be used', async () => {
    install('dynamic', 'qemu-riscv64');
    install('old', 'qemu-s390x-static');
    symlinkSync('/nowhere', join(bin, 'qemu-arm'));
    mkdirSync(join(bin, 'qemu-ppc64le'));
    const all = ['riscv64', 's390x', 'arm', 'ppc64le'];
    const { added, refused } = await addFromHost(root, all, { searchPath: bin });
    const here = refused.filter((line) => line.includes(bin));
    expect(here).toEqual([expect.stringContaining('`/lib')]);
    expect(added.filter(({ source }) => source.from.startsWith(bin))).toEqual([]);
  });
});

describe.skipIf(!compiler.ok)(`ensureEmulator${compiler.why}`, () => {
  const architecture = 'arm64';

  it('prefers the store, then the host, and needs neither again', async () => {
    install('old', 'qemu-aarch64-static');
    const first = await ensureEmulator(root, architecture, { offline: true, searchPath: bin });
    expect(first.architecture).toBe(architecture);
    rmSync(bin, { recursive: true });
    expect(await ensureEmulator(root, architecture, { offline: true, searchPath: '' })).toEqual(
      first,
    );
  });

  it('takes the version that is wanted', async () => {
    await addFile(root, program('new'), {});
    await addFile(root, program('old'), {});
    const ask = (wanted?: string) => ensureEmulator(root, architecture, { offline: true, wanted });
    expect((await ask()).version).toBe('9.9.9');
    expect((await ask('7.2')).version).toBe('7.2.22');
  });
});

it('tells offline what was tried and the one command', async () => {
  const wanted = '0.1.2';
  await expect(
    ensureEmulator(root, 'loong64', { offline: true, wanted, searchPath: bin }),
  ).rejects.toMatchObject({
    code: 'no-emulator',
    exitCode: 3,
    message: expect.stringMatching(/^no emulator for loong64: .*`0\.1\.2`.*mpkit is offline$/),
    hint: expect.stringContaining('`mpkit emulator add`'),
  });
  await expect(ensureEmulator(root, 'vax', {})).rejects.toMatchObject({
    code: 'no-emulator',
    // nothing that could be fetched or brought would help
    hint: expect.stringMatching(/^it knows amd64, .*s390x/),
  });
  expect(existsSync(join(root, 'apt'))).toBe(false);
});
