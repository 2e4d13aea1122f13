import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { architectureOf, cpus, readElf } from '../../src/binfmt/index.ts';
import { hostPlatform } from '../../src/platform.ts';
import { run } from '../../src/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'mpkit-elf-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('readElf on real files', () => {
  it('reads the running Node', () => {
    const facts = readElf(process.execPath)!;
    expect(architectureOf(facts)).toBe(hostPlatform().architecture);
    expect(facts.isStatic).toBe(facts.interpreter === undefined);
    if (facts.interpreter) expect(readElf(facts.interpreter)).toMatchObject({ isStatic: true });
  });

  it('reads an open file and leaves its offset alone', () => {
    const fd = openSync(process.execPath, 'r');
    expect(readElf(fd)).toEqual(readElf(process.execPath));
    const first = Buffer.alloc(4);
    readSync(fd, first, 0, 4, null);
    closeSync(fd);
    expect(first.toString('latin1')).toBe('\x7fELF');
  });

  it('takes pipes, devices and folders for no ELF file, without waiting', async () => {
    const pipe = join(folder, 'pipe');
    await run('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/null', folder]) expect(readElf(path)).toBeUndefined();
  });

  it('reports a file that cannot be opened', () => {
    const missing = join(folder, 'missing');
    expect(() => readElf(missing)).toThrow(
      expect.objectContaining({ code: 'io', message: expect.stringContaining(missing) }),
    );
  });
});

describe('readElf on made files', () => {
  it.each(cpus)(
    'knows a static and a dynamic program of $architecture',
    ({ architecture, elf }) => {
      for (const interpreter of [undefined, '/lib/ld.so', 'broken']) {
        const facts = read(program({ ...elf, interpreter }))!;
        expect(facts).toMatchObject({ ...elf, type: 'executable', isStatic: !interpreter });
        expect(facts.interpreter).toBe(interpreter);
        expect(architectureOf(facts)).toBe(architecture);
      }
    },
  );

  it('takes a shared library for no static program', () => {
    expect(read(program({ type: 3, entry: 0 }))).toMatchObject({
      type: 'dynamic',
      isStatic: false,
    });
    expect(read(program({ type: 3 }))).toMatchObject({ type: 'dynamic', isStatic: true });
  });

  it('names no architecture for other ABIs of known machines', () => {
    const n32 = read(program({ machine: 8, class: 32, endian: 'big', flags: 0x20 }))!;
    const odd = read(program({ machine: 8, class: 64, endian: 'big', flags: 0x20 }))!;
    const x32 = read(program({ machine: 62, class: 32 }))!;
    const ppc64 = read(program({ machine: 21, class: 64, endian: 'big' }))!;
    for (const facts of [n32, odd, x32, ppc64]) expect(architectureOf(facts)).toBeUndefined();
    expect(architectureOf(read(program({ machine: 6, class: 32 }))!)).toBe('386');
  });

  it.each<[string, (good: Buffer) => Buffer]>([
    ['an empty file', () => Buffer.alloc(0)],
    ['a script', () => Buffer.from(`#!/bin/sh\n${' '.repeat(100)}`)],
    ['four bytes', (good) => good.subarray(0, 4)],
    ['half a header', (good) => good.subarray(0, 60)],
    ['class 3', (good) => patched(good, 4, 3)],
    ['byte order 0', (good) => patched(good, 5, 0)],
    ['version 2', (good) => patched(good, 6, 2)],
    ['a table entry of 1 byte', (good) => patched(good, 54, 1)],
    ['65535 table entries', (good) => patched(good, 56, 0xff, 0xff)],
    ['a table beyond the file', (good) => patched(good, 32, 0, 0, 1)],
    ['a table at 2^64 - 1', (good) => patched(good, 32, ...Array(8).fill(0xff))],
    ['a name beyond the file', (good) => patched(good, 64 + 8, 0, 0, 1)],
    ['a name at 2^63', (good) => patched(good, 64 + 8, 0, 0, 0, 0, 0, 0, 0, 0x80)],
    ['a name of 2^40 bytes', (good) => patched(good, 64 + 32, 0, 0, 0, 0, 0, 1)],
    ['a name of one byte', (good) => patched(good, 64 + 32, 1)],
    ['a name without its NUL', (good) => patched(good, good.length - 1, 0x41)],
    ['an empty name', (good) => patched(good, 120, 0)],
  ])('finds no ELF in %s', (_, damage) => {
    const good = program({ interpreter: '/lib/ld.so' });
    expect(read(good)).toBeDefined();
    expect(read(damage(good))).toBeUndefined();
  });

  it('survives every truncation and random damage', () => {
    const good = program({ interpreter: '/lib/ld.so' });
    for (let length = 0; length < good.length; length++)
      expect(read(good.subarray(0, length))).toBeUndefined();
    for (let at = 4; at < good.length; at++)
      for (const value of [0, 1, 0x7f, 0xff]) read(patched(good, at, value));
  });
});

function read(content: Buffer) {
  const path = join(folder, 'program');
  writeFileSync(path, content);
  return readElf(path);
}

function patched(good: Buffer, at: number, ...bytes: number[]): Buffer {
  const copy = Buffer.from(good);
  copy.set(bytes, at);
  return copy;
}

interface Wanted {
  machine?: number;
  class?: 32 | 64;
  endian?: 'little' | 'big';
  type?: number;
  entry?: number;
  flags?: number;
  interpreter?: string | undefined;
}

/** Header, one program header (PT_LOAD or PT_INTERP), and the name of the loader at the end. */
function program(wanted: Wanted): Buffer {
  const { machine = 62, type = 2, entry = 0x1000, flags = 0, interpreter } = wanted;
  const wide = (wanted.class ?? 64) === 64;
  const little = (wanted.endian ?? 'little') === 'little';
  const name = Buffer.from(interpreter === undefined ? '' : `${interpreter}\0`);
  const [headerSize, entrySize] = wide ? [64, 56] : [52, 32];
  const bytes = Buffer.alloc(headerSize + entrySize);
  const half = (at: number, value: number) =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const word = (at: number, value: number) =>
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  const address = (at: number, value: number) => word(wide && !little ? at + 4 : at, value);
  bytes.write('\x7fELF', 'latin1');
  bytes.set([wide ? 2 : 1, little ? 1 : 2, 1], 4);
  half(16, type);
  half(18, machine);
  address(24, entry);
  address(wide ? 32 : 28, headerSize);
  word(wide ? 48 : 36, flags);
  half(wide ? 54 : 42, entrySize);
  half(wide ? 56 : 44, 1);
  word(headerSize, interpreter === undefined ? 1 : 3);
  address(headerSize + (wide ? 8 : 4), bytes.length);
  address(headerSize + (wide ? 32 : 16), name.length);
  return Buffer.concat([bytes, name]);
}
