/** The only importer of execa: every process mpkit starts, but for the sandbox's own children. */
import type { Readable } from 'node:stream';
import type { Options } from 'execa';
import { MpkitError } from './errors.ts';

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** `timeout` in milliseconds, `maxBuffer` in characters of one stream; beyond either it is killed. */
export type CommandOptions = Pick<
  Options,
  'cwd' | 'env' | 'extendEnv' | 'cancelSignal' | 'timeout' | 'maxBuffer'
>;

/** Runs a program of the host with no shell and no input; resolves whatever its exit status. */
export async function run(
  program: string,
  args: string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { execa } = await load();
  const result = await execa(program, args, { ...options, reject: false, stdin: 'ignore' });
  if (result.exitCode === undefined && result.code === 'ENOENT') throw missing(program, result);
  return {
    exitCode: result.exitCode ?? 128,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
  };
}

/** Like `run`, but a status other than 0 throws `io` with the program's last words. */
export async function runOrThrow(
  program: string,
  args: string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await run(program, args, options);
  if (result.exitCode === 0) return result.stdout;
  throw failed(program, result);
}

/**
 * Starts a program whose stdout is read while it runs. `done` resolves when it exited with 0 and
 * rejects like `runOrThrow`; destroying `stdout` ends it. Read it at once: after a turn of the event
 * loop without a reader execa discards what comes.
 */
export async function stream(
  program: string,
  args: string[],
  options: CommandOptions = {},
): Promise<{ stdout: Readable; done: Promise<void> }> {
  const { execa } = await load();
  const child = execa(program, args, {
    ...options,
    reject: false,
    stdin: 'ignore',
    buffer: { stdout: false, stderr: true },
  });
  const done = child.then((result) => {
    if (result.exitCode === undefined && result.code === 'ENOENT') throw missing(program, result);
    const exitCode = result.exitCode ?? 128;
    if (exitCode !== 0) throw failed(program, { exitCode, stderr: String(result.stderr ?? '') });
  });
  // whoever stops reading `stdout` early need not wait for `done`
  done.catch(() => {});
  return { stdout: child.stdout, done };
}

/** Only when a process is started: loading it takes longer than most verbs run. */
function load() {
  return import('execa');
}

function failed(program: string, { exitCode, stderr }: Omit<CommandResult, 'stdout'>): MpkitError {
  const lastWords = stderr.trim().split('\n').slice(-3).join('; ');
  return new MpkitError('io', `\`${program}\` exited with ${exitCode}: ${lastWords}`);
}

function missing(program: string, cause: unknown): MpkitError {
  return new MpkitError('host-unable', `\`${program}\` is not installed`, { cause });
}
