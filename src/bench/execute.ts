/** One sample: a program or a script of so many rounds, in a sandbox, under one runner. */
import { chmodSync, closeSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Runner, runStep, type Scratch, stubLayer } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { detachedOverlay } from '../overlay.ts';
import { benchFolder } from '../paths.ts';
import { preparation, type Workload } from './workloads.ts';

export interface Sample {
  /** Of all rounds, by the measured program's own clock. */
  nanoseconds: number;
  /** With the sandbox and the program's start. */
  wall: number;
}

export interface Place {
  root: string;
  runner: Runner;
  /** A new writable file system for one step: a mount is attached once. */
  open: () => Promise<number>;
  /** The host's folder of the steps' files, at `/mpkit-bench` in each. */
  data?: string;
  signal: AbortSignal;
}

/** Seconds; the calibration aims at a tenth of one. */
const timeLimit = 300;

/** File systems with nothing but the benchmark program of the runner's CPU. */
export function programRoots(
  root: string,
  scratch: Scratch,
  { platform }: Runner,
): () => Promise<number> {
  const lower = scratch.make('bench');
  chmodSync(lower, 0o755);
  copyFileSync(join(benchFolder(), platform.architecture), join(lower, 'bench'));
  return async () => {
    const place = scratch.makeWritable('run');
    const [folder, work] = [join(place, 'fs'), join(place, 'work')];
    for (const each of [folder, work]) mkdirSync(each, { mode: 0o755 });
    return detachedOverlay({ lower: [lower, stubLayer(root)], upper: { folder, work } });
  };
}

/** Throws `emulator-broken` where a result is wrong, `step-failed` where a command is missing. */
export function execute(workload: Workload, rounds: number, place: Place): Promise<Sample> {
  return workload.kind === 'program'
    ? executeProgram(workload.name, rounds, place)
    : executeScript(workload, rounds, place);
}

/** Makes the files that the steps work on. */
export async function prepareSteps(place: Place): Promise<void> {
  const { exitCode, text } = await inSandbox(['/bin/sh', '-c', preparation], '/', place);
  if (exitCode !== 0)
    throw new MpkitError('step-failed', `the base image cannot prepare the steps: ${text}`, {
      hint: 'it needs sh, awk, tar, gzip, sort and cmp, as busybox has them',
    });
}

async function executeProgram(name: string, rounds: number, place: Place): Promise<Sample> {
  const command = ['mpkit-bench', '/bench', name, String(rounds)];
  const { exitCode, text, wall } = await inSandbox(command, '/', place, '/bench');
  const nanoseconds = exitCode === 0 ? readLine(text, name, rounds) : undefined;
  if (nanoseconds === undefined) throw wrong(name, place.runner, exitCode, text);
  return { nanoseconds, wall };
}

/** The time that a program of native/bench printed; undefined where anything else was printed. */
export function readLine(text: string, name: string, rounds: number): number | undefined {
  const line = /^mpkit-bench 1 (\S+) rounds=(\d+) ns=(\d+) result=[0-9a-f]{8} right\n$/.exec(text);
  return line?.[1] === name && line[2] === String(rounds) ? Number(line[3]) : undefined;
}

/** The lines before and after the rounds are timed when they arrive: it needs no clock inside. */
async function executeScript(
  { name, script, check }: Extract<Workload, { kind: 'step' }>,
  rounds: number,
  place: Place,
): Promise<Sample> {
  const loop = `n=0; while [ $n -lt ${rounds} ]; do ${script} || exit 1; n=$((n + 1)); done`;
  const all = `echo begin; ${loop}; echo end; ${check}`;
  const result = await inSandbox(['/bin/sh', '-c', all], '/mpkit-bench', place);
  const { exitCode, text, wall, arrivals } = result;
  if (exitCode !== 0 || text !== 'begin\nend\n') throw wrong(name, place.runner, exitCode, text);
  const [first, last] = [arrivals[0]!, arrivals.at(-1)!];
  return { nanoseconds: Math.max(1, Number(last - first)), wall };
}

async function inSandbox(command: string[], directory: string, place: Place, program?: string) {
  const { root, runner, data, signal } = place;
  const rootFd = await place.open();
  let text = '';
  const arrivals: bigint[] = [];
  try {
    if (data) mkdirSync(`/proc/self/fd/${rootFd}/mpkit-bench`, { recursive: true });
    const start = process.hrtime.bigint();
    const { exitCode } = await runStep({
      rootFd,
      stateRoot: root,
      command,
      ...(program ? { program } : {}),
      environment: { PATH: '/usr/bin:/bin', ...runner.environment },
      directory,
      identity: { user: 0, group: 0, groups: [0] },
      network: 'none',
      ...(data ? { binds: [{ source: data, target: '/mpkit-bench', readOnly: false }] } : {}),
      answerSyncs: true,
      timeLimit,
      linux32: runner.linux32,
      handlers: runner.handlers,
      output: (chunk) => {
        arrivals.push(process.hrtime.bigint());
        if (text.length < 4096) text += chunk.toString('latin1');
      },
      signal,
    });
    return { exitCode, text, arrivals, wall: Number(process.hrtime.bigint() - start) };
  } finally {
    closeSync(rootFd);
  }
}

function wrong(name: string, runner: Runner, exitCode: number, text: string): MpkitError {
  const said = text.replaceAll(/[^ -~]+/g, ' ').trim() || 'nothing';
  const by = runner.emulator ? `QEMU ${runner.emulator.version}` : 'this CPU';
  return new MpkitError(
    'emulator-broken',
    `workload \`${name}\` went wrong under ${by}: exit status ${exitCode}, it said ${said}`,
  );
}
