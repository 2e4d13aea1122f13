import { describe, expect, it } from 'vitest';
import { cpuOf, cpus } from '../../src/binfmt/index.ts';

describe('the table of CPUs', () => {
  it('has the ten architectures, each with a 20-byte rule', () => {
    expect(cpus.map((cpu) => cpu.architecture).sort()).toEqual(
      '386 amd64 arm arm64 loong64 mips64 mips64le ppc64le riscv64 s390x'.split(' '),
    );
    for (const cpu of cpus) {
      expect(cpu.magic).toHaveLength(20);
      expect(cpu.mask).toHaveLength(20);
    }
  });

  it.each(cpus)('catches executables and PIE of $architecture, OSABI 0 and 3', (cpu) => {
    for (const type of [2, 3])
      for (const osabi of [0, 3]) expect(catchers(head(cpu.elf, { type, osabi }))).toEqual([cpu]);
  });

  it.each(cpus)('catches neither objects nor cores of $architecture', ({ elf }) => {
    for (const type of [0, 1, 4]) expect(catchers(head(elf, { type }))).toEqual([]);
  });

  it.each(cpus)('agrees with its own ELF numbers: $architecture', (cpu) => {
    expect(cpu.magic).toEqual(head(cpu.elf, { type: 2 }));
  });

  it('leaves other ABIs and machines alone', () => {
    const little = 'little' as const;
    const big = 'big' as const;
    const others = {
      x32: { machine: 62, class: 32, endian: little },
      'arm64 ILP32': { machine: 183, class: 32, endian: little },
      'big-endian arm64': { machine: 183, class: 64, endian: big },
      'big-endian arm': { machine: 40, class: 32, endian: big },
      riscv32: { machine: 243, class: 32, endian: little },
      ppc64: { machine: 21, class: 64, endian: big },
      ppc: { machine: 20, class: 32, endian: big },
      s390: { machine: 22, class: 32, endian: big },
      'mips o32 and n32': { machine: 8, class: 32, endian: big },
      'mipsle o32 and n32': { machine: 8, class: 32, endian: little },
      sparc64: { machine: 43, class: 64, endian: big },
      'machine 21 + 256': { machine: 277, class: 64, endian: little },
    } as const;
    for (const [name, elf] of Object.entries(others))
      expect(catchers(head(elf, { type: 2 })), name).toEqual([]);
  });

  it('finds a CPU by its OCI name only', () => {
    expect(cpuOf('arm64')?.qemu[0]).toBe('qemu-aarch64');
    expect(cpuOf('aarch64')).toBeUndefined();
    expect(cpuOf('constructor')).toBeUndefined();
  });
});

interface Elf {
  machine: number;
  class: 32 | 64;
  endian: 'little' | 'big';
}

function head(elf: Elf, { type, osabi = 0 }: { type: number; osabi?: number }): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.write('\x7fELF', 'latin1');
  bytes.set([elf.class === 64 ? 2 : 1, elf.endian === 'little' ? 1 : 2, 1, osabi], 4);
  for (const [at, value] of [
    [16, type],
    [18, elf.machine],
  ] as const)
    elf.endian === 'little' ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  return bytes;
}

function catchers(bytes: Buffer) {
  return cpus.filter(({ magic, mask }) =>
    bytes.every((byte, at) => ((byte ^ magic[at]!) & mask[at]!) === 0),
  );
}
