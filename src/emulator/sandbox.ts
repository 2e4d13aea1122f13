/**
 * Runs one command as a step: in namespaces of its own, on a root given as a descriptor. Only
 * inside the builder's namespace. What makes the step is in native/step.c.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { findProgram, type PrivateHandler, type Program } from '../binfmt/index.ts';
import type { MpkitError } from '../errors.ts';
import { sandboxProgram } from '../paths.ts';
import { requireRunning } from '../pause.ts';
import type { Platform } from '../platform.ts';
import { execFailure } from './exec-failure.ts';
import { collectOutput, type StepOutput } from './output.ts';
import { passSignalsTo } from './pass-signals.ts';
import { readReport, type SandboxReport, sandboxError } from './report.ts';

export interface Step {
  /** Root of the step: a detached mount (libc `detachedOverlay`) or a folder descriptor. */
  rootFd: number;
  /** The state folder: `attach` in it is where the root is mounted for a moment. */
  stateRoot: string;
  command: string[];
  /** What is executed where argv[0] shall read differently. */
  program?: string;
  /** The whole environment: nothing is inherited. */
  environment: Record<string, string>;
  directory: string;
  identity: Identity;
  /** `joined`: a namespace of its own that `onNetwork` connects before the command starts. */
  network: 'none' | 'host' | 'joined';
  onNetwork?: (pid: number) => Promise<void>;
  /** Called when the step has ended, however it did. */
  endNetwork?: () => void;
  hostname?: string;
  /** Small files that exist only while the step runs: in-root path, content. */
  files?: [target: string, content: string][];
  binds?: { source: string; target: string; readOnly: boolean }[];
  /** Seconds; the whole step is killed after them. */
  timeLimit?: number | undefined;
  /** Bytes that its processes may have together; it is killed beyond. 0 or undefined for any number. */
  memory?: number | undefined;
  /** fsync and its kind return at once: for steps whose files a commit makes durable. */
  answerSyncs?: boolean;
  /** `uname -m` of a 32-bit platform that runs natively. */
  linux32?: boolean;
  /** The only foreign programs that it can run; nothing of the host's or of another step's. */
  handlers?: PrivateHandler[];
  /** What it runs, for the words of an error. */
  platform?: Platform;
  /** `inherit`: the caller's; `terminal`: a pseudo-terminal in front of it; else a sink. */
  output: 'inherit' | 'terminal' | ((chunk: Buffer) => void);
  signal?: AbortSignal | undefined;
}

export interface Identity {
  user: number;
  group: number;
  /** Supplementary groups, the primary one included. */
  groups: number[];
}

export interface StepResult {
  /** 128+n for a command that signal n ended; 124 after the time limit. */
  exitCode: number;
  signal?: NodeJS.Signals;
  timedOut: boolean;
  /** Its memory limit ended it. */
  outOfMemory: boolean;
  /** It failed, and what it sent went nowhere: its network has no such way. */
  missedNetwork: boolean;
  /** Nobody takes what goes to the caller's terminal: a word more would wait for ever. */
  outputStuck: boolean;
}

/** At most this many processes for each user of a step. */
const processLimit = 8192;

/** Resolves whatever the command's status; throws `sandbox` where the step could not be made. */
export async function runStep(step: Step): Promise<StepResult> {
  requireRunning(step.signal);
  const output = typeof step.output === 'function' ? collectOutput(step.output) : undefined;
  const child = start(step, output);
  // SIGKILL on the outer process: the step's first process dies with it, and with that the rest.
  const abort = () => child.kill('SIGKILL');
  const network = networkStarter(step, child);
  step.signal?.addEventListener('abort', abort, { once: true });
  // a command that has the caller's streams has the caller's signals, too
  const sharesTerminal = step.output === 'inherit' && process.stdin.isTTY;
  const stopPassing = output ? undefined : passSignalsTo(child, { sharesTerminal });
  try {
    const [exitCode, report] = await Promise.all([
      exitOf(child).finally(output?.hurry),
      readReport(child.stdio[3], network.onReport),
      output?.finished,
    ]);
    requireRunning(step.signal);
    if (network.error()) throw network.error();
    if (report.error) throw commandError(report, step) ?? sandboxError(report.error);
    return {
      exitCode,
      timedOut: report.timeout !== undefined,
      outOfMemory: report.memory !== undefined,
      missedNetwork: report.missed !== undefined,
      outputStuck: report.untaken !== undefined,
      ...signalOf(report),
    };
  } finally {
    step.endNetwork?.();
    stopPassing?.();
    step.signal?.removeEventListener('abort', abort);
  }
}

function start(step: Step, output: StepOutput | undefined): ChildProcess {
  const stream = output?.writer ?? 'inherit';
  try {
    return spawn(sandboxProgram(), stepArguments(step), {
      stdio: [
        output ? 'ignore' : 'inherit',
        // one pipe for both keeps the order in which they were written
        stream,
        stream,
        'pipe',
        step.rootFd,
        step.network === 'joined' ? 'pipe' : 'ignore',
        ...(step.handlers ?? []).map(({ fd }) => fd),
      ],
      env: step.environment,
    });
  } finally {
    // the step has its own by now, and its end must be seen here
    if (output) closeSync(output.writer);
  }
}

/** Where the first handler's interpreter is in the step, after what `start` passes before it. */
const firstHandler = 6;

function stepArguments(step: Step): string[] {
  const { identity } = step;
  const words = ['step', '--report-fd', '3', '--root-fd', '4'];
  const option = (name: string, ...values: (string | number)[]) =>
    words.push(`--${name}`, ...values.map(String));
  option('attach', join(step.stateRoot, 'attach'));
  option('user', identity.user);
  option('group', identity.group);
  if (identity.groups.length > 0) option('groups', identity.groups.join(','));
  option('directory', step.directory);
  option('processes', processLimit);
  if (step.hostname) option('hostname', step.hostname);
  if (step.program) option('program', step.program);
  if (step.timeLimit) option('time-limit', step.timeLimit);
  if (step.memory) option('memory', step.memory);
  for (const [target, content] of step.files ?? []) option('file', target, content);
  for (const { source, target, readOnly } of step.binds ?? [])
    option(readOnly ? 'bind-read-only' : 'bind', source, target);
  if (step.network !== 'host') option('own-network');
  if (step.network === 'joined') option('ready-fd', 5);
  for (const [at, { entry }] of (step.handlers ?? []).entries())
    option('handler', entry(`/proc/self/fd/${firstHandler + at}`));
  if (step.answerSyncs) option('answer-syncs');
  if (step.linux32) option('linux32');
  if (step.output === 'terminal') option('terminal');
  if (typeof step.output === 'function') option('own-output');
  return [...words, '--', ...step.command];
}

function networkStarter(step: Step, child: ChildProcess) {
  let started = false;
  let failure: Error | undefined;
  const onReport = ({ pid }: SandboxReport) => {
    if (pid === undefined || started || !step.onNetwork) return;
    started = true;
    const ready = (child.stdio as unknown as Writable[])[5]!;
    // a step that was ended meanwhile reads nothing; its exit says why
    ready.on('error', () => {});
    step.onNetwork(pid).then(
      () => ready.end('R'),
      (error: Error) => {
        failure = error;
        ready.destroy();
      },
    );
  };
  return { onReport, error: () => failure };
}

/** A command that cannot be executed is the image's fault, not the sandbox's. */
function commandError({ error }: SandboxReport, step: Step): MpkitError | undefined {
  if (error?.step !== 'exec') return undefined;
  const name = step.program ?? step.command[0] ?? '';
  const { errno } = error;
  return execFailure({ name, errno, chain: chainOf(name, step), platform: step.platform });
}

/** A script's interpreter may be a script. */
function chainOf(name: string, { rootFd, directory, environment }: Step): Program[] {
  const chain: Program[] = [];
  const places = { directory, searchPath: environment.PATH ?? '/bin:/usr/bin' };
  for (let next: string | undefined = name; next !== undefined && chain.length < 5; ) {
    const program = findProgram(rootFd, next, places);
    if (!program) break;
    chain.push(program);
    next = program.elf ? undefined : program.next[0];
  }
  return chain;
}

function signalOf({ status }: SandboxReport): { signal?: NodeJS.Signals } {
  const number = (status ?? 0) & 0x7f;
  if (number === 0) return {};
  const names = Object.entries(constants.signals);
  const name = names.find(([, value]) => value === number)?.[0];
  return name ? { signal: name as NodeJS.Signals } : {};
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 137));
  });
}
