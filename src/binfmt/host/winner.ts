/** Who runs the programs of a CPU, and whom a handler belongs to. */
import type { RegisteredEntry } from '../entry.ts';
import type { Cpu } from '../table.ts';
import { bootEntries } from './boot-files.ts';
import { headOf, matches } from './match.ts';
import { bootWay } from './persist/way.ts';
import { isPlaced } from './place.ts';
import type { HostView } from './view.ts';

export type Owner = 'mpkit' | 'binfmt-support' | 'systemd' | 'unknown';

/** The first enabled handler that catches the CPU's programs, as the kernel asks them. */
export function winnerOf(
  cpu: Cpu,
  handlers: readonly RegisteredEntry[],
): RegisteredEntry | undefined {
  return handlers.find((each) => each.enabled && matches(each, headOf(cpu)));
}

/**
 * Told by what proves something: where the emulator lies, else who would register that name at
 * boot. Debian's packages tell both tools; then the one whose boot it is has it.
 */
export function ownersOn(view: HostView): (handler: RegisteredEntry) => Owner {
  const boot = bootEntries(view);
  const preferred = bootWay(view);
  return ({ name, interpreter }) => {
    if (isPlaced(interpreter)) return 'mpkit';
    const owners = boot.filter((each) => each.name === name).map(({ owner }) => owner);
    return owners.find((owner) => owner === preferred) ?? owners[0] ?? 'unknown';
  };
}
