/**
 * Owns what is known about CPUs and the kernel's way to run their programs: the table, the text of
 * a binfmt_misc entry, the facts of an ELF file. Knows nothing of where emulators come from.
 */
export { architectureOf, type ElfFacts, readElf } from './elf.ts';
export {
  type BinfmtEntry,
  type ExtensionMatch,
  formatEntry,
  type MagicMatch,
  parseEntry,
  type RegisteredEntry,
} from './entry.ts';
export * from './host/index.ts';
export { hasPrivateInstance, type PrivateHandler, privateHandler } from './private.ts';
export { type ProbeAnswer, readProbeAnswer } from './probe-answer.ts';
export { findProgram, type Places, type Program } from './program.ts';
export { type Cpu, cpuOf, cpus } from './table.ts';
