/**
 * Handlers of a step's own binfmt_misc (Linux ≥ 6.7). Each step registers in its own user namespace
 * what it is given and nothing else; the builder's instance, which native/sandbox mounts, stays
 * empty, so that neither the host's handlers nor another step's reach a step.
 */
import { MpkitError } from '../errors.ts';
import { sealedMemory } from '../libc.ts';
import { formatEntry } from './entry.ts';
import { cpuOf } from './table.ts';

/** One handler that any number of steps can be given. */
export interface PrivateHandler {
  /** The interpreter in sealed memory: no step can change what the next one is run by. */
  fd: number;
  /** The line for `binfmt_misc/register`, for a process that has the interpreter at `path`. */
  entry: (path: string) => string;
}

/** Whether this namespace has an instance of its own, so that nothing of the host's is touched. */
export function hasPrivateInstance(): boolean {
  return process.env.MPKIT_INSIDE === '1' && process.env.MPKIT_BINFMT === 'private';
}

/** gABI, "ELF Identification": EI_OSABI, EI_ABIVERSION and padding, up to EI_NIDENT. */
const identity = { osAbi: 7, end: 16 };

/**
 * Makes `interpreter` ready to run programs of `architecture`. F lets the kernel keep it open, P
 * keeps argv[0], C gives setuid programs their rights inside the step.
 */
export function privateHandler(architecture: string, interpreter: Buffer): PrivateHandler {
  const cpu = cpuOf(architecture);
  if (!cpu) throw new MpkitError('no-emulator', `no CPU \`${architecture}\` is known`);
  const { magic } = cpu;
  // kernels and QEMU look at none of these bytes, and AppImages have a magic of their own there
  const mask = Buffer.from(cpu.mask).fill(0, identity.osAbi, identity.end);
  const entry = (path: string) =>
    formatEntry({
      name: `mpkit-${architecture}`,
      match: { offset: 0, magic, mask },
      interpreter: path,
      flags: 'POCF',
    });
  return { fd: sealedMemory(`qemu-${architecture}`, interpreter), entry };
}
