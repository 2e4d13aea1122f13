/**
 * The binfmt_misc instance of the builder's own user namespace (Linux ≥ 6.7). native/sandbox
 * mounted it and keeps it mounted; steps inherit its handlers and cannot reach it.
 */
import { closeSync, readFileSync, writeFileSync } from 'node:fs';
import { MpkitError } from '../errors.ts';
import { sealedMemory } from '../libc.ts';
import { formatEntry, parseEntry } from './entry.ts';
import { cpuOf } from './table.ts';

const instance = '/proc/sys/fs/binfmt_misc';

/** Whether this namespace has an instance of its own, so that nothing of the host's is touched. */
export function hasPrivateInstance(): boolean {
  return process.env.MPKIT_INSIDE === '1' && process.env.MPKIT_BINFMT === 'private';
}

/**
 * Registers `interpreter` for programs of `architecture`, read back afterwards. The kernel keeps
 * a sealed copy in memory open (flag F): no step can change what the next one is run by. P keeps
 * argv[0], C gives setuid programs their rights inside the step. Throws `host-unable`.
 */
export function registerPrivate(architecture: string, interpreter: Buffer): void {
  const cpu = cpuOf(architecture);
  if (!cpu) throw new MpkitError('no-emulator', `no CPU \`${architecture}\` is known`);
  const name = `mpkit-${architecture}`;
  const fd = sealedMemory(`qemu-${architecture}`, interpreter);
  try {
    const entry = formatEntry({
      name,
      match: { offset: 0, magic: cpu.magic, mask: cpu.mask },
      interpreter: `/proc/self/fd/${fd}`,
      flags: 'POCF',
    });
    writeFileSync(`${instance}/register`, entry);
    const registered = parseEntry(name, readFileSync(`${instance}/${name}`, 'utf8'));
    if (!registered.enabled || !['P', 'C', 'F'].every((flag) => registered.flags.includes(flag)))
      throw new Error(`it reads back as ${registered.flags}, enabled ${registered.enabled}`);
  } catch (error) {
    throw new MpkitError(
      'host-unable',
      `the kernel did not take the private handler for \`${architecture}\`: ${(error as Error).message}`,
      { cause: error },
    );
  } finally {
    closeSync(fd);
  }
}

/** Takes the handler of `architecture` away again, so that another one can take its place. */
export function unregisterPrivate(architecture: string): void {
  try {
    writeFileSync(`${instance}/mpkit-${architecture}`, '-1');
  } catch (error) {
    throw new MpkitError(
      'host-unable',
      `the kernel did not let go of the private handler for \`${architecture}\`: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
