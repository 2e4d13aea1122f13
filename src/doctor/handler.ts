/** What a registered handler is for, by its rule and by its name. Pure. */
import { basename } from 'node:path/posix';
import { type Cpu, cpus, type RegisteredEntry } from '../binfmt/index.ts';

/** Handlers of Java, LLVM, Python and others are none of mpkit's business. */
export function isForPrograms({ match, interpreter }: RegisteredEntry): boolean {
  if (!('magic' in match)) return false;
  if (/^qemu-/.test(basename(interpreter))) return true;
  return match.offset === 0 && match.magic.subarray(0, 4).toString('latin1') === '\x7fELF';
}

/** The CPU that the interpreter's name promises, else the one that mpkit or QEMU call so. */
export function promisedCpu({ name, interpreter }: RegisteredEntry): Cpu | undefined {
  const program = basename(interpreter).replace(/-binfmt(-P)?$/, '');
  return (
    cpus.find((cpu) => cpu.qemu.includes(program)) ??
    cpus.find((cpu) => cpu.qemu.includes(name) || name === `mpkit-${cpu.architecture}`)
  );
}

/** Whether its rule catches what a linker writes for that CPU: both types, both usual ABIs. */
export function catchesAll(entry: RegisteredEntry, cpu: Cpu): boolean {
  return headersOf(cpu).every((header) => catches(entry, header));
}

/** The CPUs any of whose programs the rule catches. */
export function caughtCpus(entry: RegisteredEntry): Cpu[] {
  return cpus.filter((cpu) => headersOf(cpu).some((header) => catches(entry, header)));
}

function catches({ match }: RegisteredEntry, header: Buffer): boolean {
  if (!('magic' in match)) return false;
  const { offset, magic, mask } = match;
  return magic.every((byte, at) => {
    const bits = mask?.[at] ?? 0xff;
    // beyond the first 20 bytes any program may have anything
    const found = header[offset + at] ?? byte;
    return ((found ^ byte) & bits) === 0;
  });
}

/** e_type 2 and 3 (static-PIE and shared), EI_OSABI 0 and 3 (System V and GNU). */
function headersOf({ magic, elf }: Cpu): Buffer[] {
  const typeAt = elf.endian === 'little' ? 16 : 17;
  return [2, 3].flatMap((type) =>
    [0, 3].map((abi) => {
      const header = Buffer.from(magic);
      header[typeAt] = type;
      header[7] = abi;
      return header;
    }),
  );
}
