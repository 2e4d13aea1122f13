/** Which network a step gets, and the resolv.conf that fits it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MpkitError } from '../errors.ts';
import type { Step } from './sandbox.ts';

/** `default` is a network of the step's own where pasta(1) is installed, else the host's. */
export type Network = 'default' | 'none' | 'host';

export interface ChosenNetwork {
  step: Pick<Step, 'network' | 'onNetwork'>;
  /** Set where the host's network serves although nobody asked for it. */
  notice?: string;
  close: () => void;
}

export function chooseNetwork(wanted: Network): ChosenNetwork {
  if (wanted !== 'default') return { step: { network: wanted }, close: () => {} };
  const pasta = findProgram('pasta');
  if (!pasta)
    return {
      step: { network: 'host' },
      notice: "using the host's network: `pasta` (package `passt`) would give the command its own",
      close: () => {},
    };
  const helpers: ChildProcess[] = [];
  return {
    step: {
      network: 'joined',
      onNetwork: async (pid) => void helpers.push(await startPasta(pasta, pid)),
    },
    close: () => {
      for (const helper of helpers) helper.kill('SIGKILL');
    },
  };
}

/** The host's resolv.conf; servers on loopback are reachable only in the host's own network. */
export function resolverFile(
  network: Step['network'],
  text = readText('/etc/resolv.conf'),
): string {
  if (network === 'none') return '';
  if (network === 'host') return text;
  const lines = text.split('\n').filter((line) => !/^\s*nameserver\s+(127\.|::1)/.test(line));
  const hasServer = lines.some((line) => /^\s*nameserver/.test(line));
  return hasServer ? lines.join('\n') : [...lines, 'nameserver 169.254.1.1', ''].join('\n');
}

/** Resolves when the step's network is up; pasta ends with the namespace it serves. */
function startPasta(program: string, pid: number): Promise<ChildProcess> {
  const args = ['--config-net', '--foreground', '--quiet', '--no-map-gw'];
  const child = spawn(
    program,
    [...args, '--dns-forward', '169.254.1.1', '--pid', '/dev/fd/3', String(pid)],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  let words = '';
  child.stderr?.on('data', (chunk) => {
    if (words.length < 2000) words += chunk;
  });
  return new Promise((resolve, reject) => {
    const failed = () =>
      reject(new MpkitError('sandbox', `pasta failed: ${words.trim() || 'no message'}`));
    child.once('error', failed);
    child.once('exit', failed);
    // it writes its own pid once everything is set up
    child.stdio[3]?.once('data', () => resolve(child));
  });
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/bin'].filter(Boolean);
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
