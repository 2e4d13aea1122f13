/** Which programs a handler catches, told by headers as linkers write them. Pure. */
import type { BinfmtEntry } from '../entry.ts';
import { type Cpu, cpus } from '../table.ts';

/** Whether the kernel would hand a program that starts with `head` to this handler. */
export function matches({ match }: Pick<BinfmtEntry, 'match'>, head: Buffer): boolean {
  if ('extension' in match) return false;
  const { offset, magic, mask } = match;
  if (head.length < offset + magic.length) return false;
  return magic.every((byte, n) => ((byte ^ head[offset + n]!) & (mask?.[n] ?? 0xff)) === 0);
}

/** The start of a program of that CPU, padded as the kernel pads it. */
export function headOf(cpu: Cpu, change: { type?: 2 | 3; abi?: number; wide?: boolean } = {}) {
  const head = Buffer.concat([cpu.magic, Buffer.alloc(236)]);
  const { type = 2, abi = 0, wide = cpu.elf.class === 64 } = change;
  head[4] = wide ? 2 : 1;
  head[7] = abi;
  if (cpu.elf.endian === 'little') head.writeUInt16LE(type, 16);
  else head.writeUInt16BE(type, 16);
  return head;
}

/** The CPUs whose ordinary programs the handler catches. */
export function caughtBy(entry: Pick<BinfmtEntry, 'match'>): Cpu[] {
  return cpus.filter((cpu) => matches(entry, headOf(cpu)));
}

/** The CPU that a handler is meant for: by its emulator's or its own name, else by its rule. */
export function claimedCpu(entry: BinfmtEntry): Cpu | undefined {
  const { name, interpreter } = entry;
  const file = interpreter.slice(interpreter.lastIndexOf('/') + 1);
  const words = [file, name];
  const named = cpus
    .flatMap((cpu) => cpu.qemu.map((qemu) => ({ cpu, qemu })))
    .filter(({ qemu }) => words.some((word) => word === qemu || word.startsWith(`${qemu}-`)))
    .sort((a, b) => b.qemu.length - a.qemu.length)[0];
  const own = cpus.find(({ architecture }) => name === `mpkit-${architecture}`);
  return named?.cpu ?? own ?? caughtBy(entry)[0];
}

/** What is wrong with a handler's rule for `cpu`, in words; empty where it is right. */
export function ruleFaults(entry: Pick<BinfmtEntry, 'match'>, cpu: Cpu): string[] {
  const own = (change: Parameters<typeof headOf>[1]) => matches(entry, headOf(cpu, change));
  const faults: string[] = [];
  if (!own({})) faults.push(`catches no program of linux/${cpu.architecture}`);
  else {
    if (!own({ type: 3 })) faults.push('misses position-independent programs');
    if (!own({ abi: 3 })) faults.push('misses programs marked as GNU');
    if (own({ wide: cpu.elf.class === 32 }))
      faults.push(`catches ${cpu.elf.class === 64 ? '32' : '64'}-bit programs too`);
  }
  const others = caughtBy(entry).filter((each) => each !== cpu);
  if (others.length > 0)
    faults.push(`catches linux/${others.map((each) => each.architecture).join(', linux/')} too`);
  return faults;
}
