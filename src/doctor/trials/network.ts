/** Whether pasta really gives a step a network: one is started, and its interfaces are looked at. */
import { closeSync, copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseNetwork, runStep, type Scratch, stubLayer } from '../../emulator/index.ts';
import { detachedOverlay } from '../../overlay.ts';
import { probeFolder } from '../../paths.ts';
import { hostPlatform } from '../../platform.ts';

/** Why a step has a loopback only; empty where it has more. */
export async function tryNetwork(root: string, scratch: Scratch): Promise<string> {
  const { step, isolation } = chooseNetwork('default', scratch);
  const { architecture } = hostPlatform();
  const folder = scratch.make('network');
  copyFileSync(join(probeFolder(), architecture), join(folder, 'probe'));
  let rootFd: number | undefined;
  let isConnected = false;
  const onNetwork = async (pid: number) => {
    await step.onNetwork?.(pid);
    isConnected = devicesOf(pid).some((name) => name !== 'lo');
  };
  try {
    // a kernel without overlayfs says so by another trial
    rootFd = detachedOverlay({ lower: [folder, stubLayer(root)] });
    const { exitCode } = await runStep({
      ...{ rootFd, stateRoot: root, program: '/probe', command: ['mpkit-probe', '/probe'] },
      ...{ environment: {}, directory: '/', identity: { user: 0, group: 0, groups: [0] } },
      ...step,
      onNetwork,
      timeLimit: 20,
      output: () => {},
    });
    if (exitCode !== 0) return `exit status ${exitCode}`;
    return isolation() ?? (isConnected ? '' : '`pasta` made no interface');
  } catch (error) {
    return (error as Error).message;
  } finally {
    if (rootFd !== undefined) closeSync(rootFd);
  }
}

function devicesOf(pid: number): string[] {
  const [, , ...lines] = readFileSync(`/proc/${pid}/net/dev`, 'utf8').trim().split('\n');
  return lines.map((line) => line.split(':')[0]!.trim());
}
