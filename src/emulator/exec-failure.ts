/** Why the kernel did not execute a command of an image, in words. Pure. */
import { constants } from 'node:os';
import type { Program } from '../binfmt/index.ts';
import { MpkitError } from '../errors.ts';
import { formatPlatform, hostPlatform, type Platform } from '../platform.ts';

export interface Refused {
  /** As the step names it. */
  name: string;
  errno: number;
  /** It and the interpreters that its `#!` lines name, as far as they are found in the image. */
  chain: readonly Program[];
  /** What the step runs, where it is known. */
  platform?: Platform | undefined;
}

/** 127 and 126 of a shell; undefined for what is not the image's fault. */
export function execFailure(refused: Refused): MpkitError | undefined {
  const { errno } = constants;
  const code = refused.errno === errno.ENOENT ? 'command-missing' : 'command-refused';
  const say = (why: string, as: 'command-missing' | 'command-refused' = code) =>
    new MpkitError(as, `cannot execute \`${refused.name}\`: ${why}`);
  const foreign = wrongCpu(refused);
  switch (refused.errno) {
    case errno.EACCES:
      return say('not executable for this user');
    case errno.ENOEXEC:
      return say(`exec format error: ${foreign ?? malformed(refused)}`);
    case errno.ENOENT:
      // so says a kernel whose handler has lost its emulator, too
      if (foreign) return say(`exec format error: ${foreign}`, 'command-refused');
      return say('not found in the image (or its `#!` interpreter or loader is not)');
    default:
      return undefined;
  }
}

/** A program that the kernel would start by itself is missing a loader, not a CPU. */
function wrongCpu({ chain, platform }: Refused): string | undefined {
  const at = chain.findIndex(({ elf }) => elf);
  const found = chain[at];
  const architecture = found?.architecture;
  if (!found || isNative(architecture) || architecture === platform?.architecture) return undefined;
  const what = at === 0 ? 'it' : `its interpreter \`${found.path}\``;
  const runs = platform ? `, the step runs ${formatPlatform(platform)}` : '';
  return `${what} is ${architecture ?? 'for another kind of CPU'}${runs}`;
}

function malformed({ chain }: Refused): string {
  return chain[0] && !chain.some(({ elf }) => elf)
    ? 'it is no program, and no script that begins with `#!`'
    : 'its CPU is not the platform of this step';
}

function isNative(architecture: string | undefined): boolean {
  const own = hostPlatform().architecture;
  return architecture === own || (own === 'amd64' && architecture === '386');
}
