/** What is tried inside the builder's namespace, in one go. */
import {
  closeSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cpus, hasPrivateInstance } from '../../binfmt/index.ts';
import { createRunners, listEmulators, openScratch, type Scratch } from '../../emulator/index.ts';
import { MpkitError } from '../../errors.ts';
import { detachedOverlay } from '../../overlay.ts';
import { formatPlatform, normalizePlatform } from '../../platform.ts';
import { tryNetwork } from './network.ts';
import { tryThoroughly } from './thorough.ts';
import type { InsideTrials, PlatformTrial } from './trial.ts';

/** Never asks the network: it is about here and now. */
export async function tryInside(
  root: string,
  thorough: boolean,
  signal: AbortSignal,
): Promise<InsideTrials> {
  const scratch = await openScratch(root, signal);
  try {
    const platforms = await tryPlatforms(root, scratch, signal);
    const { emulators } = await listEmulators(root);
    return {
      ids: (process.env.MPKIT_IDS as InsideTrials['ids'] | undefined) ?? 'single',
      idCount: countIds(readFileSync('/proc/self/uid_map', 'utf8')),
      binfmt: hasPrivateInstance() ? 'private' : 'host',
      overlayError: tryOverlay(scratch),
      network: await tryNetwork(root, scratch),
      emulators,
      platforms,
      ...(thorough && !signal.aborted ? { thorough: tryThoroughly(scratch) } : {}),
    };
  } finally {
    scratch.remove();
  }
}

async function tryPlatforms(
  root: string,
  scratch: Scratch,
  signal: AbortSignal,
): Promise<PlatformTrial[]> {
  const runners = createRunners({ root, scratch, offline: true, onProgress: () => {}, signal });
  const platforms = cpus.map(({ architecture }) =>
    normalizePlatform({ os: 'linux', architecture }),
  );
  return await Promise.all(
    platforms.map(async (each): Promise<PlatformTrial> => {
      const platform = formatPlatform(each);
      try {
        const { kind, machine, emulator } = await runners.get(each);
        const version = emulator ? { version: emulator.version } : {};
        return { platform, ran: true, kind, machine, ...version };
      } catch (error) {
        if (!(error instanceof MpkitError)) throw error;
        return { platform, ran: false, error: error.message };
      }
    }),
  );
}

/**
 * Mounting succeeds without `userxattr` too. What then fails is a folder that must hide the one of
 * a lower layer: a new one in the place of a removed one, or one that is renamed, as dpkg does.
 */
function tryOverlay(scratch: Scratch): string {
  const [lower, folder, work] = ['lower', 'upper', 'work'].map((name) =>
    scratch.makeWritable(name),
  ) as [string, string, string];
  let root: number | undefined;
  try {
    mkdirSync(join(lower, 'old'));
    writeFileSync(join(lower, 'old/file'), '');
    root = detachedOverlay({ lower: [lower], upper: { folder, work } });
    const at = (name: string) => `/proc/self/fd/${root}/${name}`;
    mkdirSync(at('new'));
    rmSync(at('old'), { recursive: true });
    renameSync(at('new'), at('old'));
    return readdirSync(at('old')).length === 0 ? '' : 'a removed file came back';
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    return `${syscall ?? 'overlay'} failed: ${code ?? (error as Error).message}`;
  } finally {
    if (root !== undefined) closeSync(root);
  }
}

function countIds(map: string): number {
  const lines = map.trim().split('\n');
  return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2]), 0);
}
