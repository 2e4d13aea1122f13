/** Registers one emulator in the place of what was there, and keeps it only if it works. */
import { release } from 'node:os';
import type { BinfmtEntry, RegisteredEntry } from '../entry.ts';
import type { Cpu } from '../table.ts';
import { readHandler, register, unregister } from './handlers.ts';
import { type InstallRow, row } from './install-row.ts';
import { placeEmulator } from './place.ts';
import { execute, failure, type Tried, works } from './tried.ts';
import type { HostView } from './view.ts';
import { ownersOn } from './winner.ts';

/** What was there comes back where the new handler does not work. */
export async function replace(
  view: HostView,
  cpu: Cpu,
  {
    own,
    foreign,
    options,
  }: { own: RegisteredEntry | undefined; foreign: RegisteredEntry[]; options: InstallOptions },
): Promise<InstallRow> {
  const emulator = await options.emulatorFor(cpu.architecture);
  const interpreter = placeEmulator(view, cpu.qemu[0]!, await emulator.read());
  const old = [...foreign, ...(own ? [own] : [])];
  const ownerOf = ownersOn(view);
  const removed = old.map((each) => ({ name: each.name, owner: ownerOf(each) }));
  for (const { name } of old) unregister(view, name);
  const name = `mpkit-${cpu.architecture}`;
  const entry = { name, match: { offset: 0, magic: cpu.magic, mask: cpu.mask }, interpreter };
  let last: Tried | undefined;
  try {
    for (const flags of flagChoices(emulator.version, options)) {
      if (readHandler(view, name)) unregister(view, name);
      const made = register(view, { ...entry, flags });
      last = await execute(cpu);
      const kept = !flags.includes('P') || last.here.checks.argv0;
      if (works(last) && kept)
        return row(cpu, old.length > 0 ? 'replaced' : 'registered', made, last, {
          owner: 'mpkit',
          version: emulator.version,
          detail: last.here.detail,
          removed,
        });
    }
  } catch (error) {
    restore(view, name, old);
    throw error;
  }
  restore(view, name, old);
  return row(cpu, 'failed', undefined, last, {
    version: emulator.version,
    detail: `QEMU ${emulator.version} was registered and ${last ? failure(last) : 'did not run'}`,
  });
}

export interface HostEmulator {
  version: string;
  /** `sha256:` and 64 digits. */
  digest: string;
  read: () => Promise<Buffer>;
}

export interface InstallOptions {
  architectures: readonly string[];
  /** The emulator to use; asked only where one has to be registered or is to be compared. */
  emulatorFor: (architecture: string) => Promise<HostEmulator>;
  /** An emulator was asked for by name, so an entry with another one does not do. */
  exactly: ReadonlySet<string>;
  replace: boolean;
  credentials: boolean;
  preserveArgv0: boolean;
}

/**
 * QEMU keeps argv[0] when the kernel tells it so: QEMU 6.0, Linux 5.12. Execution decides; without
 * `P` it runs anywhere.
 */
function flagChoices(version: string, { credentials, preserveArgv0 }: InstallOptions): string[] {
  const base = credentials ? 'OCF' : 'F';
  const knows = Number.parseInt(version, 10) >= 6 && kernelAtLeast(5, 12);
  return preserveArgv0 && knows ? [`P${base}`, base] : [base];
}

function kernelAtLeast(major: number, minor: number): boolean {
  const [own = 0, ownMinor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return own > major || (own === major && ownMinor >= minor);
}

function restore(view: HostView, name: string, old: RegisteredEntry[]): void {
  if (readHandler(view, name)) unregister(view, name);
  for (const entry of [...old].reverse()) {
    try {
      register(view, plain(entry));
    } catch {
      // it was broken before: its emulator is not even there
    }
  }
}

function plain({ name, match, interpreter, flags }: RegisteredEntry): BinfmtEntry {
  return { name, match, interpreter, flags: flags.replaceAll(/[^POCF]/g, '') };
}
