/** The only importer of execa: every process mpkit starts, but for the sandbox's own children. */
import { execa, type Options } from 'execa';
import { MpkitError } from './errors.ts';

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a program of the host with no shell and no input; resolves whatever its exit status. */
export async function run(
  program: string,
  args: string[],
  options: Pick<Options, 'cwd' | 'env' | 'extendEnv' | 'cancelSignal'> = {},
): Promise<CommandResult> {
  const result = await execa(program, args, { ...options, reject: false, stdin: 'ignore' });
  if (result.exitCode === undefined && result.code === 'ENOENT')
    throw new MpkitError('host-unable', `\`${program}\` is not installed`, { cause: result });
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
  options: Parameters<typeof run>[2] = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await run(program, args, options);
  if (exitCode === 0) return stdout;
  const lastWords = stderr.trim().split('\n').slice(-3).join('; ');
  throw new MpkitError('io', `\`${program}\` exited with ${exitCode}: ${lastWords}`);
}
