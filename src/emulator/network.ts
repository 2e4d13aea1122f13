/** Which network a step gets, and the resolv.conf that fits it. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MpkitError } from '../errors.ts';
import { run } from '../process.ts';
import type { Step } from './sandbox.ts';

/** `default` is a network of the step's own where pasta(1) is installed, else the host's. */
export type Network = 'default' | 'none' | 'host';

export interface ChosenNetwork {
  step: Pick<Step, 'network' | 'onNetwork'>;
  /** Set where the host's network serves although nobody asked for it. */
  notice?: string;
}

export function chooseNetwork(wanted: Network): ChosenNetwork {
  if (wanted !== 'default') return { step: { network: wanted } };
  const pasta = findProgram('pasta');
  const missing = pasta
    ? isUsable('/dev/net/tun')
      ? undefined
      : '`pasta` may not open /dev/net/tun (expected mode 0666)'
    : '`pasta` (package `passt`) would give the command its own';
  if (!pasta || missing)
    return {
      step: { network: 'host' },
      notice: `using the host's network: ${missing}`,
    };
  return { step: { network: 'joined', onNetwork: (pid) => startPasta(pasta, pid) } };
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
  return hasServer ? lines.join('\n') : [...lines, `nameserver ${dnsAddress}`, ''].join('\n');
}

/** pasta goes to the background once all is set up, and ends with the builder's namespace. */
async function startPasta(program: string, pid: number): Promise<void> {
  const args = ['--config-net', '--quiet', '--no-map-gw', '--dns-forward', dnsAddress, String(pid)];
  const { exitCode, stderr } = await run(program, args);
  if (exitCode === 0) return;
  const why = stderr.trim().split('\n').at(-1) || `exit status ${exitCode}`;
  throw new MpkitError('sandbox', `\`pasta\` could not connect the network: ${why}`, {
    hint: '`--network host` or `--network none` do without it',
  });
}

const dnsAddress = '169.254.1.1';

function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/bin'].filter(Boolean);
  return folders
    .map((folder) => join(folder, name))
    .find((path) => isAccessible(path, constants.X_OK));
}

function isUsable(device: string): boolean {
  return isAccessible(device, constants.R_OK | constants.W_OK);
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
