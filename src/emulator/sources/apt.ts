/**
 * An apt of our own: its state in one folder, nothing of the host changed, no privilege needed. The
 * host lends its proxies and passwords (apt.conf, auth.conf) and its keyring; every InRelease file
 * and package is checked by apt itself.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MpkitError } from '../../errors.ts';
import { type CommandResult, run } from '../../process.ts';

export interface AptSource {
  /** As in sources.list: `http://mirror.example/debian/`. */
  mirror: string;
  suite: string;
  keyring: string;
}

/** Runs apt-get with this state; resolves whatever its exit status. */
export type Apt = (args: string[], cwd?: string) => Promise<CommandResult>;

/** Prepares `folder`, which must be empty, for one suite. `architecture` is Debian's name. */
export async function prepareApt(
  folder: string,
  source: AptSource,
  architecture: string,
  signal?: AbortSignal,
): Promise<Apt> {
  await mkdir(join(folder, 'lists/partial'), { recursive: true });
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true });
  await writeFile(join(folder, 'debian.sources'), describeSource(source, architecture));
  await writeFile(join(folder, 'apt.conf'), withoutHooks);
  const options = optionsFor(folder, architecture);
  return (args, cwd = folder) => runAptGet([...options, ...args], { cwd, signal });
}

/**
 * Runs apt-get in English. It dies with mpkit, also when mpkit is killed: nothing may write into a
 * folder that the next mpkit clears.
 */
export async function runAptGet(
  args: string[],
  { cwd, signal }: { cwd?: string; signal?: AbortSignal | undefined } = {},
): Promise<CommandResult> {
  const result = await run('setpriv', ['--pdeathsig', 'KILL', 'apt-get', ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal ? { cancelSignal: signal } : {}),
    env: { LC_ALL: 'C.UTF-8', LANGUAGE: '' },
  });
  signal?.throwIfAborted();
  return result;
}

/** `signature` and `missing` say that another suite may do; the others concern every suite. */
export type AptFailure = 'signature' | 'missing' | 'network' | 'clock' | 'disk' | 'other';

export function classifyFailure({ stderr }: Pick<CommandResult, 'stderr'>): AptFailure {
  const found = symptoms.find(([, pattern]) => pattern.test(stderr));
  return found?.[0] ?? 'other';
}

/** The error for a failure that no other suite would mend. */
export function aptError(action: string, result: CommandResult): MpkitError {
  const message = `apt failed while ${action}: ${lastWords(result)}`;
  switch (classifyFailure(result)) {
    case 'network':
      return new MpkitError('network', `cannot reach the mirror while ${action}`, {
        output: [lastWords(result)],
        hint: 'check the network or the proxy of apt, or bring a static emulator: `mpkit emulator add PATH`; MPKIT_OFFLINE=1 stops asking',
      });
    case 'clock':
      return new MpkitError('host-unable', message, { hint: 'check the clock of this host' });
    case 'disk':
      return new MpkitError('disk-full', message, {
        hint: 'free some 400 MB or point `--root` (or MPKIT_ROOT) at a larger disk',
      });
    default:
      return new MpkitError('io', message);
  }
}

/** apt's own errors, at most three, without passwords in addresses. */
export function lastWords({ stdout, stderr, exitCode }: CommandResult): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => /^[EW]: /.test(line));
  const words = (lines.length > 0 ? lines : stderr.trim().split('\n'))
    .slice(0, 3)
    .map((line) => line.replace(/^[EW]: /, '').replace(/\/\/[^/@\s]*@/g, '//'))
    .join('; ')
    .replace(/\p{Cc}/gu, ' ');
  return words.slice(0, 500) || `exit status ${exitCode}`;
}

// Hooks and extra indices of the host (desktop catalogues, cache cleaners) are none of ours.
const withoutHooks = [
  '#clear APT::Update::Pre-Invoke;',
  '#clear APT::Update::Post-Invoke;',
  '#clear APT::Update::Post-Invoke-Success;',
  '#clear APT::Default-Release;',
  '',
].join('\n');

function describeSource({ mirror, suite, keyring }: AptSource, architecture: string): string {
  return [
    'Types: deb',
    `URIs: ${mirror}`,
    `Suites: ${suite}`,
    'Components: main',
    `Architectures: ${architecture}`,
    'Targets: Packages',
    `Signed-By: ${keyring}`,
    '',
  ].join('\n');
}

function optionsFor(folder: string, architecture: string): string[] {
  const settings = [
    `Dir::State=${folder}`,
    `Dir::State::lists=${join(folder, 'lists')}`,
    'Dir::State::status=/dev/null',
    `Dir::Cache=${join(folder, 'cache')}`,
    `Dir::Etc::sourcelist=${join(folder, 'debian.sources')}`,
    'Dir::Etc::sourceparts=/dev/null',
    'Dir::Etc::preferences=/dev/null',
    'Dir::Etc::preferencesparts=/dev/null',
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    'APT::Update::Error-Mode=any',
    'Acquire::Languages=none',
    'Acquire::Retries=1',
    'Acquire::AllowInsecureRepositories=false',
    'APT::Get::AllowUnauthenticated=false',
    // apt's own user cannot enter the state folder, and may be missing in a user namespace
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
  ];
  return ['-q', '-c', join(folder, 'apt.conf'), ...settings.flatMap((each) => ['-o', each])];
}

const symptoms: [AptFailure, RegExp][] = [
  ['disk', /No space left on device|Disk quota exceeded|enough free space/i],
  [
    'network',
    /Could not (resolve|connect)|Temporary failure resolving|Connection (failed|timed out|refused|reset)|Unable to connect|unreachable|timed out|NOSPLIT|does the network require|Proxy|5\d\d {2}/i,
  ],
  ['clock', /is not valid yet|is expired|Valid-Until/i],
  ['signature', /is not signed|NO_PUBKEY|KEYSIG|BADSIG|GPG error|OpenPGP|couldn't be verified/i],
  [
    'missing',
    /does not have a Release file|doesn't have the component|404 {2}Not Found|Unable to/i,
  ],
];
