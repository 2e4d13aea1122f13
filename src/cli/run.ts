/** `mpkit run`: one command on a file system of any platform. */
import { closeSync } from 'node:fs';
import { folderRoot, imageRoot, type RunnableRoot } from '../builder/index.ts';
import {
  chooseNetwork,
  createRunners,
  guestEnvironment,
  guestFiles,
  guestHostname,
  type Loan,
  openScratch,
  type Runner,
  requireMapped,
  resolveUser,
  runStep,
  type Scratch,
} from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { sizeWord } from '../size.ts';
import { openFetchProgress } from './fetch-progress.ts';
import { reportError } from './report.ts';
import { type RunOptions, readRunOptions, runFlags, splitCommand } from './run-options.ts';
import { inNamespace, parseWords, stopOnSignals, type Verb } from './verb.ts';

export const runVerb: Verb = {
  help: `usage: mpkit run [options] (IMAGE | --rootfs DIR) [-- COMMAND...]

Runs one command of a file system of any platform in a sandbox. Nothing it changes is kept.
Without COMMAND the image's own entry point runs. IMAGE is one of

  oci-layout://DIR[:TAG], oci:DIR[:TAG]   an OCI layout, as \`-o type=oci,tar=false\` writes it
  oci-archive:FILE[:TAG]                  the same as a tar archive, as \`-o type=oci\` writes it
  sha256:DIGEST                           what \`mpkit build\` made, while it is in the cache

  --platform P            platform to choose and run (default: this machine's)
  --rootfs DIR            a plain folder instead of an image
  -e, --env NAME=VALUE    environment variable, repeatable; NAME alone takes the caller's
  -w, --workdir DIR       working folder
  -u, --user USER[:GROUP] user, by the image's own passwd and group
  --network none|host|default   default: a network of its own by pasta, else a loopback only
  -v, --volume SRC:DST[:ro]     a folder or file of the host; DST must exist in the image
  --timeout SECONDS       end everything after this time, which begins with the command: what is
                          unpacked or fetched before does not count; exit status 124
  -m, --memory SIZE       end everything when its processes hold more than this together, such as
                          512m; measured many times a second; exit status 137 (default: nine
                          tenths of the machine's; 0: any)
  --offline               fetch no emulator (also MPKIT_OFFLINE=1)
  --verbose               say on stderr what runs the command: the CPU itself or which emulator
  --root DIR              state folder

The command gets stdin, and a terminal of its own where stdin and stdout are one.
exit status: the command's, 128+n where signal n ended it, 124 after --timeout, 125 where the
sandbox could not be made, 127 and 126 where the command is missing or cannot be executed
`,
  execute,
};

async function execute(words: string[]): Promise<number> {
  const { own, command } = splitCommand(words);
  const { values, positionals } = parseWords('run', own, runFlags);
  const options = readRunOptions({ values, positionals, command });
  // where both are terminals the command gets one of its own
  const sharesTerminal = process.stdin.isTTY && !process.stdout.isTTY;
  return inNamespace(
    'run',
    words,
    { root: values.root, loans: loansOf(options), sharesTerminal },
    (root) => runInside(options, root),
  );
}

async function runInside(options: RunOptions, root: string): Promise<number> {
  const stop = stopOnSignals();
  let scratch: Scratch | undefined;
  let image: RunnableRoot | undefined;
  try {
    scratch = await openScratch(root, stop.signal);
    const network = chooseNetwork(options.network, scratch);
    const { platform, source } = options;
    image =
      'rootfs' in source
        ? folderRoot({ root, scratch, folder: source.rootfs, platform })
        : await imageRoot({
            root,
            scratch,
            source,
            platform,
            emit: () => {},
            signal: stop.signal,
          });
    if (network.notice) process.stderr.write(`mpkit: note: ${network.notice}\n`);
    const progress = openFetchProgress('auto', process.stderr, 'mpkit: ');
    const { onProgress, onTransfer } = progress;
    const runners = createRunners({
      root,
      scratch,
      offline: options.offline,
      onProgress,
      onTransfer,
      signal: stop.signal,
    });
    const runner = await runners.get(image.platform).finally(progress.close);
    if (options.verbose) process.stderr.write(`mpkit: ran ${describeRunner(runner)}\n`);
    const user = resolveUser(image.rootFd, options.user ?? image.user);
    requireMapped(user, options.user ?? image.user);
    const command = options.command.length > 0 ? options.command : image.command;
    if (command.length === 0)
      throw new MpkitError('usage', 'no command: the image names none; give one after `--`');
    stop.disarm();
    const hasTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    const result = await runStep({
      rootFd: image.rootFd,
      stateRoot: root,
      command,
      environment: environmentOf(options, image, {
        home: user.home,
        runner,
        hasTerminal,
      }),
      directory: options.directory ?? image.directory,
      identity: user,
      hostname: guestHostname,
      files: guestFiles(network.step.network),
      binds: options.volumes,
      timeLimit: options.timeLimit,
      memory: options.memory,
      linux32: runner.linux32,
      handlers: runner.handlers,
      platform: image.platform,
      ...network.step,
      output: hasTerminal ? 'terminal' : 'inherit',
    });
    const isolation = result.missedNetwork ? network.isolation() : undefined;
    if (isolation) process.stderr.write(`mpkit: note: ${isolation}\n`);
    if (result.outOfMemory)
      process.stderr.write(
        `mpkit: ended: it used more than ${sizeWord(options.memory)} of memory; \`--memory SIZE\` allows more, 0 any\n`,
      );
    if (result.timedOut && !result.outputStuck)
      process.stderr.write(`mpkit: ended after ${options.timeLimit} s\n`);
    return result.exitCode;
  } catch (error) {
    const code = stop.code();
    if (code !== undefined) return code;
    const own = error instanceof MpkitError ? ownStatuses.get(error.code) : undefined;
    if (own === undefined) throw error;
    process.stderr.write(reportError(error));
    return own;
  } finally {
    if (image) closeSync(image.rootFd);
    scratch?.remove();
  }
}

/** A command's caller tells these apart from what the command itself may return. */
const ownStatuses = new Map<string, number>([
  ['command-missing', 127],
  ['command-refused', 126],
  ['sandbox', 125],
]);

function describeRunner({ kind, emulator }: Runner): string {
  return emulator ? `${kind} by QEMU ${emulator.version}` : kind;
}

function environmentOf(
  options: RunOptions,
  image: RunnableRoot,
  more: { home: string; runner: Runner; hasTerminal: boolean },
): Record<string, string> {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const terminal = more.hasTerminal ? [['TERM', process.env.TERM ?? 'xterm'] as const] : [];
  const pairs: (readonly [string, string])[] = [
    ['PATH', path],
    ['HOME', more.home],
    ...terminal,
    ...image.environment,
    ...options.environment,
  ];
  return guestEnvironment(pairs, more.runner);
}

function loansOf({ source, volumes }: RunOptions): Loan[] {
  const own = 'rootfs' in source ? [source.rootfs] : 'path' in source ? [source.path] : [];
  return [
    ...own.map((path) => ({ path, access: 'read' as const })),
    ...volumes.map((volume) => ({
      path: volume.source,
      access: volume.readOnly ? ('read' as const) : ('write' as const),
    })),
  ];
}
