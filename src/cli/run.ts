/** `mpkit run`: one command on a file system of any platform. */
import { closeSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { folderRoot, layoutRoot, parseLayoutUrl, type RunnableRoot } from '../builder/index.ts';
import {
  chooseNetwork,
  createRunners,
  isOffline,
  type Loan,
  type Network,
  openScratch,
  resolverFile,
  resolveUser,
  runStep,
} from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { hostPlatform, normalizePlatform, type Platform, parsePlatform } from '../platform.ts';
import { inNamespace, parseWords, stopOnSignals, type Verb } from './verb.ts';

export const runVerb: Verb = {
  help: `usage: mpkit run [options] (--rootfs DIR | oci-layout://DIR[:TAG]) [-- COMMAND…]

Runs one command of a file system of any platform in a sandbox. Nothing it changes is kept.
Without COMMAND the image's own entry point runs.

  --platform P            platform to choose and run (default: this machine's)
  --rootfs DIR            a plain folder instead of an image
  -e, --env NAME=VALUE    environment variable, repeatable; NAME alone takes the caller's
  -w, --workdir DIR       working folder
  -u, --user USER[:GROUP] user, by the image's own passwd and group
  --network none|host|default   default: a network of its own by pasta, else the host's
  -v, --volume SRC:DST[:ro]     a folder or file of the host; DST must exist in the image
  --timeout SECONDS       end everything after this time; exit status 124
  --offline               fetch no emulator (also MPKIT_OFFLINE=1)
  --root DIR              state folder

The command gets stdin, and a terminal of its own where stdin and stdout are one.
exit status: the command's, 128+n where signal n ended it, 124 after --timeout, 125 where the
sandbox could not be made, 127 and 126 where the command is missing or cannot be executed
`,
  execute,
};

const flags = {
  platform: { type: 'string' },
  rootfs: { type: 'string' },
  env: { type: 'string', short: 'e', multiple: true },
  workdir: { type: 'string', short: 'w' },
  user: { type: 'string', short: 'u' },
  network: { type: 'string' },
  volume: { type: 'string', short: 'v', multiple: true },
  timeout: { type: 'string' },
  offline: { type: 'boolean' },
  root: { type: 'string' },
} as const;

interface RunOptions {
  source: { rootfs: string } | { folder: string; reference?: string };
  command: string[];
  platform: Platform;
  environment: [string, string][];
  directory: string | undefined;
  user: string | undefined;
  network: Network;
  volumes: { source: string; target: string; readOnly: boolean }[];
  timeLimit: number | undefined;
  offline: boolean;
}

async function execute(words: string[]): Promise<number> {
  const end = words.indexOf('--');
  const own = end < 0 ? words : words.slice(0, end);
  const command = end < 0 ? [] : words.slice(end + 1);
  const { values, positionals } = parseWords('run', own, flags);
  const options = readOptions({ values, positionals, command });
  return inNamespace('run', words, { root: values.root, loans: loansOf(options) }, (root) =>
    runInside(options, root),
  );
}

async function runInside(options: RunOptions, root: string): Promise<number> {
  const stop = stopOnSignals();
  const scratch = openScratch(root);
  const network = chooseNetwork(options.network);
  let image: RunnableRoot | undefined;
  try {
    const { platform, source } = options;
    image =
      'rootfs' in source
        ? folderRoot({ root, scratch, folder: source.rootfs, platform })
        : await layoutRoot({
            root,
            scratch,
            layout: source,
            platform,
            emit: () => {},
            signal: stop.signal,
          });
    if (network.notice) process.stderr.write(`mpkit: note: ${network.notice}\n`);
    const onProgress = (text: string) => void process.stderr.write(`mpkit: ${text}\n`);
    const runners = createRunners({
      root,
      scratch,
      offline: options.offline,
      onProgress,
      signal: stop.signal,
    });
    const runner = await runners.get(image.platform);
    const user = resolveUser(image.rootFd, options.user ?? image.user);
    const command = options.command.length > 0 ? options.command : image.command;
    if (command.length === 0) throw usage('no command: the image names none; give one after `--`');
    stop.disarm();
    const hasTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    const result = await runStep({
      rootFd: image.rootFd,
      stateRoot: root,
      command,
      environment: environmentOf(options, image, {
        home: user.home,
        added: runner.environment,
        hasTerminal,
      }),
      directory: options.directory ?? image.directory,
      identity: user,
      hostname: 'mpkit',
      files: [
        ['/etc/hosts', '127.0.0.1\tlocalhost mpkit\n::1\tlocalhost ip6-localhost\n'],
        ['/etc/hostname', 'mpkit\n'],
        ['/etc/resolv.conf', resolverFile(network.step.network)],
      ],
      binds: options.volumes,
      timeLimit: options.timeLimit,
      linux32: runner.linux32,
      ...network.step,
      output: hasTerminal ? 'terminal' : 'inherit',
    });
    if (result.timedOut) process.stderr.write(`mpkit: ended after ${options.timeLimit} s\n`);
    return result.exitCode;
  } catch (error) {
    const code = stop.code();
    if (code !== undefined) return code;
    throw error;
  } finally {
    network.close();
    if (image) closeSync(image.rootFd);
    scratch.remove();
  }
}

function environmentOf(
  options: RunOptions,
  image: RunnableRoot,
  more: { home: string; added: Record<string, string>; hasTerminal: boolean },
): Record<string, string> {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const terminal = more.hasTerminal ? [['TERM', process.env.TERM ?? 'xterm'] as const] : [];
  const pairs = [
    ['PATH', path] as const,
    ['HOME', more.home] as const,
    ...terminal,
    ...image.environment,
    ...options.environment,
  ].filter(([name]) => !name.startsWith('QEMU_'));
  return { ...Object.fromEntries(pairs), ...more.added };
}

interface Words {
  values: ReturnType<typeof parseWords<typeof flags>>['values'];
  positionals: string[];
  command: string[];
}

function readOptions({ values, positionals, command }: Words): RunOptions {
  const { timeout, network = 'default' } = values;
  if (!['none', 'host', 'default'].includes(network))
    throw usage(`invalid network \`${network}\`: expected none, host or default`);
  if (timeout !== undefined && !/^[1-9]\d{0,7}$/.test(timeout))
    throw usage(`invalid timeout \`${timeout}\`: expected seconds`);
  return {
    ...readSource(values.rootfs, positionals, command),
    platform: values.platform ? normalizePlatform(parsePlatform(values.platform)) : hostPlatform(),
    environment: (values.env ?? []).flatMap(readVariable),
    directory: values.workdir,
    user: values.user,
    network: network as Network,
    volumes: (values.volume ?? []).map(readVolume),
    timeLimit: timeout === undefined ? undefined : Number(timeout),
    offline: isOffline(values.offline),
  };
}

/** Words after the image are the command too, as docker run has it. */
function readSource(
  rootfs: string | undefined,
  positionals: string[],
  command: string[],
): Pick<RunOptions, 'source' | 'command'> {
  if (rootfs !== undefined)
    return { source: { rootfs: realPath(rootfs) }, command: [...positionals, ...command] };
  const [image, ...others] = positionals;
  if (!image?.startsWith('oci-layout://'))
    throw usage('expected `--rootfs DIR` or `oci-layout://DIR[:TAG]`');
  const { folder, reference } = parseLayoutUrl(image);
  return {
    source: { folder: realPath(folder), ...(reference ? { reference } : {}) },
    command: [...others, ...command],
  };
}

function readVariable(word: string): [string, string][] {
  const at = word.indexOf('=');
  const name = at < 0 ? word : word.slice(0, at);
  const value = at < 0 ? process.env[name] : word.slice(at + 1);
  if (name === '') throw usage(`invalid variable \`${word}\`: expected NAME=VALUE`);
  return value === undefined ? [] : [[name, value]];
}

function readVolume(word: string) {
  const [source = '', target = '', mode, ...more] = word.split(':');
  if (
    !source ||
    !target.startsWith('/') ||
    more.length > 0 ||
    !['ro', 'rw', undefined].includes(mode)
  )
    throw usage(`invalid volume \`${word}\`: expected SRC:DST[:ro] with an absolute DST`);
  if (/^\/+(proc|sys)(\/|$)/.test(target) || /(^|\/)\.\.(\/|$)/.test(target))
    throw usage(`invalid volume \`${word}\`: nothing can be mounted below /proc and /sys`);
  return { source: realPath(source), target, readOnly: mode === 'ro' };
}

function loansOf({ source, volumes }: RunOptions): Loan[] {
  const folder = 'rootfs' in source ? source.rootfs : source.folder;
  return [
    { path: folder, access: 'read' },
    ...volumes.map((volume) => ({
      path: volume.source,
      access: volume.readOnly ? ('read' as const) : ('write' as const),
    })),
  ];
}

function realPath(path: string): string {
  try {
    return realpathSync(resolve(path));
  } catch (error) {
    throw new MpkitError('not-found', `\`${path}\`: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function usage(message: string): MpkitError {
  return new MpkitError('usage', message, { hint: '`mpkit run --help` lists the flags' });
}
