/** What takes seconds: a network of a step's own, and the disk with every write made durable. */
import { closeSync, copyFileSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { chooseNetwork, runStep, type Scratch, stubLayer } from '../../emulator/index.ts';
import { detachedOverlay } from '../../overlay.ts';
import { probeFolder } from '../../paths.ts';
import { hostPlatform } from '../../platform.ts';

export interface ThoroughTrials {
  /** Why a step's own network could not be connected; empty where it was. */
  network: string;
  /** Of a small file that is written and made durable. */
  milliseconds: number;
}

export async function tryThoroughly(root: string, scratch: Scratch): Promise<ThoroughTrials> {
  return { network: await tryNetwork(root, scratch), milliseconds: timeDisk(scratch) };
}

async function tryNetwork(root: string, scratch: Scratch): Promise<string> {
  const { step, isolation } = chooseNetwork('default', scratch);
  if (step.network !== 'joined') return isolation() ?? '';
  const { architecture } = hostPlatform();
  const folder = scratch.make('network');
  copyFileSync(join(probeFolder(), architecture), join(folder, 'probe'));
  const rootFd = detachedOverlay({ lower: [folder, stubLayer(root)] });
  try {
    const { exitCode } = await runStep({
      ...{ rootFd, stateRoot: root, program: '/probe', command: ['mpkit-probe', '/probe'] },
      ...{ environment: {}, directory: '/', identity: { user: 0, group: 0, groups: [0] } },
      ...step,
      timeLimit: 20,
      output: () => {},
    });
    return isolation() ?? (exitCode === 0 ? '' : `exit status ${exitCode}`);
  } catch (error) {
    return (error as Error).message;
  } finally {
    closeSync(rootFd);
  }
}

function timeDisk(scratch: Scratch): number {
  const folder = scratch.make('disk');
  const count = 10;
  const start = performance.now();
  for (let at = 0; at < count; at++) {
    const fd = openSync(join(folder, String(at)), 'w');
    writeSync(fd, Buffer.alloc(4096));
    fsyncSync(fd);
    closeSync(fd);
  }
  return Math.round((performance.now() - start) / count);
}
