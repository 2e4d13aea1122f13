/** Judges by execution: a probe (native/probe) in a fresh process, as the host's programs start. */
import { constants } from 'node:os';
import { join } from 'node:path';
import { probeFolder, sandboxProgram } from '../../paths.ts';
import { readProbeAnswer } from '../probe-answer.ts';
import { cpuOf } from '../table.ts';
import { type Bounded, runBounded } from './bounded.ts';

export interface Execution {
  /** The probe printed its line, as a program of that CPU. */
  ran: boolean;
  /** It ran, and everything but argv[0] worked. */
  passed: boolean;
  /** What each check of the line says. */
  checks: Record<string, boolean>;
  /** What `uname -m` says there. */
  machine: string | undefined;
  /** One line for a person. */
  detail: string;
}

/**
 * Runs the probe of an architecture: as it is, or from a root folder that holds nothing but probes,
 * so that neither emulator nor loader can be found there.
 */
export async function executeProbe(architecture: string, where: 'host' | 'empty-root') {
  const isolated = where === 'empty-root';
  const program = isolated ? `/${architecture}` : join(probeFolder(), architecture);
  const options = isolated ? ['--chroot', probeFolder()] : [];
  return judgeAnswer(architecture, await start(options, [program, 'mpkit-probe', program]));
}

/** The exit status of one further check of the probe, as native/probe/README.md has them. */
export async function askProbe(
  program: string,
  words: string[],
  user?: number,
): Promise<number | undefined> {
  const options = user === undefined ? [] : ['--user', `${user}`];
  const { exitCode } = await start(options, [program, 'mpkit-probe', program, ...words]);
  return exitCode === setUpFailed ? undefined : exitCode;
}

/** Milliseconds; a probe takes some tens of them. */
const timeLimit = 10_000;
/** native/fail.h */
const setUpFailed = 125;
/** native/probe/README.md: most handlers have no flag P, and few programs ask for it. */
const argv0Lost = 10;

function start(options: string[], command: string[]) {
  return runBounded(sandboxProgram(), ['view', ...options, '--', ...command], {
    timeout: timeLimit,
    maxBuffer: 16_384,
  });
}

/** Exported for its test. Pure. */
export function judgeAnswer(
  architecture: string,
  { exitCode, stdout, stderr, timedOut }: Bounded,
): Execution {
  const answer = readProbeAnswer(stdout);
  const { machine, checks = {} } = answer ?? {};
  const ran = answer !== undefined;
  const failed = Object.keys(checks).filter((name) => !checks[name]);
  const ended = exitCode === 0 || exitCode === argv0Lost;
  const passed = ran && ended && failed.every((name) => name === 'argv0');
  const detail = ran
    ? failed.length > 0
      ? `failed: ${failed.join(', ')}`
      : ended
        ? `runs as ${machine}`
        : `runs as ${machine} and ends with status ${exitCode}`
    : timedOut
      ? `does not end within ${timeLimit / 1000} seconds`
      : whyNot(architecture, exitCode, stderr);
  return { ran, passed, checks, machine, detail };
}

function whyNot(architecture: string, exitCode: number, stderr: string): string {
  const errno = Number(/"errno":(\d+)/.exec(stderr)?.[1]);
  const step = /"step":"([^"]*)"/.exec(stderr)?.[1];
  if (exitCode === setUpFailed && step !== 'execute') return `cannot be tried: ${step} failed`;
  if (errno === constants.errno.ENOEXEC)
    return `exec format error: nothing runs ${cpuOf(architecture) ? `linux/${architecture}` : 'it'}`;
  if (errno === constants.errno.ENOENT) return "its emulator, or that one's loader, is not there";
  if (errno === constants.errno.EACCES) return 'its emulator may not be executed';
  const words = stderr.replaceAll(/[^ -~]+/g, ' ').trim();
  return `ends with status ${exitCode}${words && exitCode !== setUpFailed ? `: ${words.slice(0, 200)}` : ''}`;
}
