/**
 * The CPUs that mpkit knows: data only. Magic and mask cover the first 20 bytes of an ELF file
 * (gABI, "ELF Header"): e_ident, e_type, e_machine.
 *
 * The rules are the ones that QEMU publishes and distributions install, with one difference: the
 * whole of e_machine counts for ppc64le too. The last bit of e_type is ignored, so that ET_EXEC (2)
 * and ET_DYN (3) match. EI_OSABI is ignored, or its low two bits are, so that 0 (System V) and
 * 3 (GNU) match. EI_ABIVERSION is ignored where linkers write it.
 *
 * The padding behind them counts as QEMU has it: a host-wide rule must be the one that other tools
 * know. So a foreign AppImage, which has `AI` and a number there, is not caught by it, and a shell then
 * reads it as a script; handlers of mpkit's own steps leave these bytes out (private.ts).
 *
 * EI_CLASS always counts. So the 64-bit MIPS rules cannot catch o32 or n32 programs, which are
 * 32-bit files, nor the amd64 rule x32, nor the arm64 rule ILP32. The 386 rule knows EM_386 (3)
 * only: no mask covers EM_486 (6) as well without EM_SPARC (2), and nothing writes 6 any more.
 */

export interface Cpu {
  /** The OCI name, as in `linux/arm64`. */
  architecture: string;
  elf: { machine: number; class: 32 | 64; endian: 'little' | 'big' };
  /** 20 bytes to compare at offset 0, of which only the bits set in `mask` count. */
  magic: Buffer;
  mask: Buffer;
  /** Names of QEMU's program for it, the most usual first. */
  qemu: string[];
  /** What `uname -m` says on such a machine; a 386 or arm process on a 64-bit kernel may see the kernel's own name instead. */
  uname: string[];
  /** Debian's name of the architecture. */
  debian: string;
}

/** The CPU of an OCI architecture name, or undefined where mpkit knows none. */
export function cpuOf(architecture: string): Cpu | undefined {
  return cpus.find((cpu) => cpu.architecture === architecture);
}

export const cpus: readonly Cpu[] = [
  {
    architecture: 'amd64',
    elf: { machine: 62, class: 64, endian: 'little' },
    magic: hex('7f454c46 02 01 01 00 00 00000000000000 0200 3e00'),
    mask: hex('ffffffff ff fe fe fc ff ffffffffffffff feff ffff'),
    qemu: ['qemu-x86_64', 'qemu-x86_64-static'],
    uname: ['x86_64'],
    debian: 'amd64',
  },
  {
    architecture: '386',
    elf: { machine: 3, class: 32, endian: 'little' },
    magic: hex('7f454c46 01 01 01 00 00 00000000000000 0200 0300'),
    mask: hex('ffffffff ff fe fe fc ff ffffffffffffff feff ffff'),
    qemu: ['qemu-i386', 'qemu-i386-static'],
    uname: ['i686', 'i586', 'i486', 'i386'],
    debian: 'i386',
  },
  {
    architecture: 'arm64',
    elf: { machine: 183, class: 64, endian: 'little' },
    magic: hex('7f454c46 02 01 01 00 00 00000000000000 0200 b700'),
    mask: hex('ffffffff ff ff ff 00 ff ffffffffffffff feff ffff'),
    qemu: ['qemu-aarch64', 'qemu-aarch64-static'],
    uname: ['aarch64'],
    debian: 'arm64',
  },
  {
    architecture: 'arm',
    elf: { machine: 40, class: 32, endian: 'little' },
    magic: hex('7f454c46 01 01 01 00 00 00000000000000 0200 2800'),
    mask: hex('ffffffff ff ff ff 00 ff ffffffffffffff feff ffff'),
    qemu: ['qemu-arm', 'qemu-arm-static'],
    uname: ['armv7l', 'armv8l', 'armv6l', 'armv5tel'],
    debian: 'armhf',
  },
  {
    architecture: 'riscv64',
    elf: { machine: 243, class: 64, endian: 'little' },
    magic: hex('7f454c46 02 01 01 00 00 00000000000000 0200 f300'),
    mask: hex('ffffffff ff ff ff 00 ff ffffffffffffff feff ffff'),
    qemu: ['qemu-riscv64', 'qemu-riscv64-static'],
    uname: ['riscv64'],
    debian: 'riscv64',
  },
  {
    architecture: 'ppc64le',
    elf: { machine: 21, class: 64, endian: 'little' },
    magic: hex('7f454c46 02 01 01 00 00 00000000000000 0200 1500'),
    mask: hex('ffffffff ff ff ff fc ff ffffffffffffff feff ffff'),
    qemu: ['qemu-ppc64le', 'qemu-ppc64le-static'],
    uname: ['ppc64le'],
    debian: 'ppc64el',
  },
  {
    architecture: 's390x',
    elf: { machine: 22, class: 64, endian: 'big' },
    magic: hex('7f454c46 02 02 01 00 00 00000000000000 0002 0016'),
    mask: hex('ffffffff ff ff ff fc ff ffffffffffffff fffe ffff'),
    qemu: ['qemu-s390x', 'qemu-s390x-static'],
    uname: ['s390x'],
    debian: 's390x',
  },
  {
    architecture: 'mips64le',
    elf: { machine: 8, class: 64, endian: 'little' },
    magic: hex('7f454c46 02 01 01 00 00 00000000000000 0200 0800'),
    mask: hex('ffffffff ff ff ff 00 00 ffffffffffffff feff ffff'),
    qemu: ['qemu-mips64el', 'qemu-mips64el-static'],
    uname: ['mips64'],
    debian: 'mips64el',
  },
  {
    architecture: 'mips64',
    elf: { machine: 8, class: 64, endian: 'big' },
    magic: hex('7f454c46 02 02 01 00 00 00000000000000 0002 0008'),
    mask: hex('ffffffff ff ff ff 00 00 ffffffffffffff fffe ffff'),
    qemu: ['qemu-mips64', 'qemu-mips64-static'],
    uname: ['mips64'],
    debian: 'mips64',
  },
  {
    architecture: 'loong64',
    elf: { machine: 258, class: 64, endian: 'little' },
    magic: hex('7f454c46 02 01 01 00 00 00000000000000 0200 0201'),
    mask: hex('ffffffff ff ff ff fc 00 ffffffffffffff feff ffff'),
    qemu: ['qemu-loongarch64', 'qemu-loongarch64-static'],
    uname: ['loongarch64'],
    debian: 'loong64',
  },
];

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}
