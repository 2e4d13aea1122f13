/** What every command in a sandbox finds, whoever starts it: names, small files, environment. */
import { resolverFile } from './network.ts';
import type { Runner } from './runner.ts';
import type { Step } from './sandbox.ts';

export const guestHostname = 'mpkit';

/**
 * Files that exist only while the step runs; nothing of them reaches a layer. `/etc/hostname` is none
 * of them: images of whole machines are given theirs by a step.
 */
export function guestFiles(network: Step['network']): NonNullable<Step['files']> {
  return [
    ['/etc/hosts', `127.0.0.1\tlocalhost ${guestHostname}\n::1\tlocalhost ip6-localhost\n`],
    ['/etc/resolv.conf', resolverFile(network)],
  ];
}

/**
 * The environment of a command; a later pair of a name wins. QEMU obeys variables of its own: an
 * image or a caller must not reach the emulator with them, only the runner sets one.
 */
export function guestEnvironment(
  pairs: (readonly [name: string, value: string])[],
  { environment }: Pick<Runner, 'environment'>,
): Record<string, string> {
  const own = pairs.filter(([name]) => !name.startsWith('QEMU_'));
  return { ...Object.fromEntries(own), ...environment };
}
