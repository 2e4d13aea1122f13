/** Which network a step gets, and the resolv.conf that fits it. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../process.ts';
import type { Step } from './sandbox.ts';
import type { Scratch } from './scratch.ts';

/** `default` is a network of the step's own by pasta where it can be had, else a loopback of its own. */
export type Network = 'default' | 'none' | 'host';

export interface ChosenNetwork {
  step: Pick<Step, 'network' | 'onNetwork' | 'endNetwork'>;
  /** What the plan says. */
  description: string;
  /**
   * Why there is a loopback only although nobody asked for that, and what to do; a function because
   * pasta may fail when the step starts.
   */
  isolation: () => string | undefined;
  /** What the caller should know before the step starts. */
  notice?: string;
}

export function chooseNetwork(wanted: Network, scratch: Scratch): ChosenNetwork {
  const isolation = () => undefined;
  if (wanted === 'none') {
    const description = 'a loopback only, as `--network none` asks';
    return { step: { network: 'none' }, description, isolation };
  }
  if (wanted === 'host') return { ...sharedNetwork(), isolation };
  const pasta = findProgram('pasta');
  const missing = pasta ? unusableTun() : '`pasta` is not installed: install the package `passt`';
  return pasta && !missing ? ownNetwork(pasta, scratch) : isolatedNetwork(missing ?? '');
}

function sharedNetwork(): Omit<ChosenNetwork, 'isolation'> {
  const description = "the host's, as `--network host` asks";
  const step = { network: 'host' } as const;
  // told by native/sandbox, which keeps them apart wherever the kernel can
  if (process.env.MPKIT_SCOPES === 'abstract') return { step, description };
  const notice =
    "on the host's network commands reach the abstract sockets of its programs too: keeping them apart needs Landlock of Linux 6.12";
  return { step, description, notice };
}

function ownNetwork(pasta: string, scratch: Scratch): ChosenNetwork {
  let failure: string | undefined;
  const pidFile = join(scratch.make('pasta'), 'pid');
  const onNetwork = async (pid: number) => {
    failure = await startPasta(pasta, pid, pidFile);
  };
  return {
    step: { network: 'joined', onNetwork, endNetwork: () => endPasta(pidFile) },
    description: 'their own, by pasta',
    isolation: () => failure && explain(`\`pasta\` could not connect it: ${failure}`),
  };
}

function isolatedNetwork(why: string): ChosenNetwork {
  const explanation = explain(why);
  return {
    step: { network: 'none' },
    description: `a loopback only; ${why}`,
    isolation: () => explanation,
  };
}

function explain(why: string): string {
  return `the command had no network but a loopback (${why}); \`--network host\` shares the host's`;
}

/**
 * The host's resolv.conf. In a network of the step's own pasta answers for the host's servers, which
 * may be on a loopback or reachable from the host's own addresses only.
 */
export function resolverFile(
  network: Step['network'],
  text = readText('/etc/resolv.conf'),
): string {
  if (network === 'none') return '';
  if (network === 'host') return text;
  const others = text.split('\n').filter((line) => line !== '' && !/^\s*nameserver/.test(line));
  return [...others, `nameserver ${dnsAddress}`, ''].join('\n');
}

/**
 * pasta goes to the background once all is set up. Gives why it could not: then the step has its
 * loopback. Neither side sees the other's ports.
 */
async function startPasta(
  program: string,
  pid: number,
  pidFile: string,
): Promise<string | undefined> {
  const closed = ['-t', '-u', '-T', '-U'].flatMap((flag) => [flag, 'none']);
  const own = ['--config-net', '--quiet', '--no-map-gw', '--dns-forward', dnsAddress];
  const words = [...own, ...closed, '--pid', pidFile, String(pid)];
  const { exitCode, stderr } = await run(program, words);
  if (exitCode === 0) return undefined;
  return stderr.trim().split('\n').at(-1) || `exit status ${exitCode}`;
}

/** It would stay until the builder's namespace ends. */
function endPasta(pidFile: string): void {
  const pid = Number(readText(pidFile));
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

const dnsAddress = '169.254.1.1';

function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/bin'].filter(Boolean);
  return folders
    .map((folder) => join(folder, name))
    .find((path) => isAccessible(path, constants.X_OK));
}

/** Why pasta could not open the device that it needs, and what root can do about it. */
function unusableTun(): string | undefined {
  const device = '/dev/net/tun';
  if (isAccessible(device, constants.R_OK | constants.W_OK)) return undefined;
  return existsSync(device)
    ? '`pasta` may not open /dev/net/tun: `chmod 666 /dev/net/tun` as root lets it'
    : '/dev/net/tun is missing: `modprobe tun` as root makes it';
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
