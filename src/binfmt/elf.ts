/**
 * What an ELF file says about itself: the header and PT_INTERP (gABI, "ELF Header", "Program
 * Header"). The file is hostile: every offset is checked and at most 68 KiB are read, usually 1.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ioError } from '../errors.ts';
import { cpus } from './table.ts';

export interface ElfFacts {
  machine: number;
  class: 32 | 64;
  endian: 'little' | 'big';
  type: 'relocatable' | 'executable' | 'dynamic' | 'other';
  /** e_flags: processor-specific, for example the MIPS ABI. */
  flags: number;
  /** The loader named by PT_INTERP; bytes beyond ASCII as latin1. */
  interpreter?: string;
  /** Can be started and needs no loader: an entry point and no PT_INTERP. */
  isStatic: boolean;
}

/**
 * Facts of the file at `path` (links followed) or open as `file`, whose offset stays. Undefined for
 * whatever no kernel would take for ELF: other content, truncated tables, directories, pipes.
 * Throws `io` or `permission-denied` when it cannot be opened or read.
 */
export function readElf(file: number | string): ElfFacts | undefined {
  if (typeof file === 'number') return guarded(file, () => readOpenElf(file));
  return guarded(file, () => {
    // O_NONBLOCK: opening a pipe must not wait for somebody to write into it
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      return readOpenElf(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/**
 * The OCI architecture that runs such a file, or undefined where mpkit knows none: x32, n32 and o32
 * MIPS, ILP32 and other 32-bit files of 64-bit CPUs are none of them.
 */
export function architectureOf(facts: ElfFacts): string | undefined {
  const machine = facts.machine === EM_486 ? EM_386 : facts.machine;
  if (machine === EM_MIPS && facts.flags & EF_MIPS_ABI2) return undefined;
  return cpus.find(
    ({ elf }) =>
      elf.machine === machine && elf.class === facts.class && elf.endian === facts.endian,
  )?.architecture;
}

const EM_386 = 3;
const EM_486 = 6;
const EM_MIPS = 8;
const EF_MIPS_ABI2 = 0x20;
const PT_INTERP = 3;
// Linux refuses larger tables and longer names (fs/binfmt_elf.c).
const MAX_TABLE = 65536;
const MAX_INTERPRETER = 4096;

function guarded<T>(file: number | string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw ioError(error, typeof file === 'string' ? `reading \`${file}\`` : 'reading a program');
  }
}

function readOpenElf(fd: number): ElfFacts | undefined {
  if (!fstatSync(fd).isFile()) return undefined;
  const header = readHeader(readAt(fd, 0, 64));
  if (!header) return undefined;
  const loader = findLoader(fd, header);
  if (!loader) return undefined;
  const { machine, class: bits, endian, type, flags, entry } = header;
  const startable = (type === 'executable' || type === 'dynamic') && entry !== 0;
  return {
    ...{ machine, class: bits, endian, type, flags },
    ...loader,
    isStatic: startable && loader.interpreter === undefined,
  };
}

interface Header extends Pick<ElfFacts, 'machine' | 'class' | 'endian' | 'type' | 'flags'> {
  entry: number;
  tableOffset: number;
  tableEntries: number;
  tableEntrySize: number;
}

function readHeader(bytes: Buffer): Header | undefined {
  if (bytes.length < 52 || bytes.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const [bits, data, version] = [bytes[4], bytes[5], bytes[6]];
  if ((bits !== 1 && bits !== 2) || (data !== 1 && data !== 2) || version !== 1) return undefined;
  const wide = bits === 2;
  if (wide && bytes.length < 64) return undefined;
  const endian = data === 1 ? 'little' : 'big';
  const { half, word, address } = numbers(bytes, endian, wide);
  return {
    machine: half(18),
    class: wide ? 64 : 32,
    endian,
    type: types[half(16)] ?? 'other',
    flags: word(wide ? 48 : 36),
    entry: address(24),
    tableOffset: address(wide ? 32 : 28),
    tableEntrySize: half(wide ? 54 : 42),
    tableEntries: half(wide ? 56 : 44),
  };
}

const types: Record<number, ElfFacts['type']> = { 1: 'relocatable', 2: 'executable', 3: 'dynamic' };

type Loader = Pick<ElfFacts, 'interpreter'>;

/** Undefined where a table or the name in it is broken, so that the kernel would refuse the file. */
function findLoader(fd: number, header: Header): Loader | undefined {
  if (header.tableEntries === 0) return {};
  const wide = header.class === 64;
  const size = header.tableEntries * header.tableEntrySize;
  if (header.tableEntrySize !== (wide ? 56 : 32) || size > MAX_TABLE) return undefined;
  const table = readAt(fd, header.tableOffset, size);
  if (table.length < size) return undefined;
  const { word, address } = numbers(table, header.endian, wide);
  for (let at = 0; at < size; at += header.tableEntrySize)
    if (word(at) === PT_INTERP)
      return readLoader(fd, address(at + (wide ? 8 : 4)), address(at + (wide ? 32 : 16)));
  return {};
}

function readLoader(fd: number, offset: number, size: number): Loader | undefined {
  if (size < 2 || size > MAX_INTERPRETER) return undefined;
  const bytes = readAt(fd, offset, size);
  if (bytes.length < size || bytes[size - 1] !== 0 || bytes[0] === 0) return undefined;
  return { interpreter: bytes.toString('latin1', 0, bytes.indexOf(0)) };
}

function numbers(bytes: Buffer, endian: ElfFacts['endian'], wide: boolean) {
  const little = endian === 'little';
  const half = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const word = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const long = (at: number) => (little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  return { half, word, address: wide ? (at: number) => Number(long(at)) : word };
}

/** As many bytes as there are, at most `size`; none where no file reaches. */
function readAt(fd: number, offset: number, size: number): Buffer {
  if (!Number.isSafeInteger(offset)) return Buffer.alloc(0);
  const bytes = Buffer.alloc(size);
  let done = 0;
  while (done < size) {
    const count = readSync(fd, bytes, done, size - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
