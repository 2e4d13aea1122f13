/** RUN: one command in the sandbox, on a writable layer. */
import { closeSync } from 'node:fs';
import { cpuOf } from '../../binfmt/index.ts';
import {
  chooseNetwork,
  guestEnvironment,
  guestFiles,
  guestHostname,
  moreIds,
  type Runner,
  requireMapped,
  resolveUser,
  runStep,
  type StepResult,
  whereIdsEnd,
} from '../../emulator/index.ts';
import { MpkitError } from '../../errors.ts';
import { formatPlatform, type Platform } from '../../platform.ts';
import { sizeWord } from '../../size.ts';
import { makeFoldersInRoot } from '../context/index.ts';
import { allVertices, type RunOp, type Vertex } from '../plan/index.ts';
import { chainOf } from '../snapshot/index.ts';
import type { Executor, Inputs, Work } from './executor.ts';
import { createTail } from './tail.ts';

export function runWork(vertex: Vertex, op: RunOp, inputs: Inputs, executor: Executor): Work {
  // what the default network turns out to be is in no key: it is the host's luck, not the build's
  const key = [
    'run',
    { ...op, hostname: guestHostname },
    chainOf(inputs[0] ?? []),
    guestPlatforms(vertex).map(({ architecture }) => architecture),
  ];
  return {
    key,
    stub: true,
    perform: async ({ rootFd }) => {
      const without = await execute(vertex, op, rootFd, executor);
      return without.length > 0 ? [...key, { without }] : key;
    },
  };
}

/** Returns the CPUs that it could not have run, though images for them brought files. */

async function execute(
  vertex: Vertex,
  op: RunOp,
  rootFd: number,
  executor: Executor,
): Promise<string[]> {
  const runner = await executor.runners.get(op.platform);
  const user = resolveUser(rootFd, op.user);
  requireMapped(user, op.user);
  closeSync(makeFoldersInRoot(rootFd, op.directory));
  const network = chooseNetwork(op.network, executor.scratch);
  const others = guestPlatforms(vertex).slice(1);
  const found = await Promise.all(others.map((each) => guestRunner(each, vertex, executor)));
  const guests = found.filter((each) => each !== undefined);
  const tail = createTail();
  const result = await runStep({
    rootFd,
    stateRoot: executor.root,
    command: op.argv,
    environment: guestEnvironment(
      [['HOME', user.home], ...executor.proxies, ...op.environment],
      runner,
    ),
    directory: op.directory,
    identity: user,
    hostname: guestHostname,
    files: guestFiles(network.step.network),
    answerSyncs: true,
    linux32: runner.linux32,
    handlers: [runner, ...guests].flatMap(({ handlers }) => handlers),
    platform: op.platform,
    ...network.step,
    output: (chunk) => {
      tail.add(chunk);
      executor.emit({ type: 'log', vertex: vertex.label, chunk, at: Date.now() });
    },
    timeLimit: executor.runTimeout,
    memory: executor.memory,
    signal: executor.signal,
  });
  if (result.timedOut) throw tooLong(op, executor.runTimeout, tail.lines());
  if (result.outOfMemory) throw tooLarge(op, executor.memory, tail.lines());
  if (result.exitCode !== 0) {
    const isolation = result.missedNetwork ? network.isolation() : undefined;
    throw failure(op, result, { output: tail.lines(), isolation });
  }
  return others.filter((_, at) => !found[at]).map(({ architecture }) => architecture);
}

/**
 * The CPUs whose programs a step can run: its own, and those of the images and the steps that its
 * files come from. So a tree for another CPU can be entered, nothing is fetched that the Dockerfile
 * does not name, and neither neighbours nor what is stored here change a result.
 */
function guestPlatforms(vertex: Vertex): Platform[] {
  const found = new Map<string, Platform>();
  for (const { op } of allVertices([vertex]).reverse()) {
    const platform = broughtBy(op);
    if (platform && !found.has(platform.architecture)) found.set(platform.architecture, platform);
  }
  const [own, ...others] = [...found.values()];
  const byName = (a: Platform, b: Platform) => (a.architecture < b.architecture ? -1 : 1);
  return own ? [own, ...others.sort(byName)] : [];
}

/** An image that nothing could run is only copied from; which variant it is for decides nothing. */
function broughtBy(op: Vertex['op']): Platform | undefined {
  if (op.kind === 'run') return op.platform;
  if (op.kind !== 'image') return undefined;
  const { os, architecture } = op.platform;
  return os === 'linux' && cpuOf(architecture) ? { os, architecture } : undefined;
}

/** Undefined where only images are for that CPU, and nothing runs its programs: most only copy. */
async function guestRunner(
  platform: Platform,
  vertex: Vertex,
  executor: Executor,
): Promise<Runner | undefined> {
  try {
    return await executor.runners.get(platform);
  } catch (error) {
    if (!(error instanceof MpkitError) || error.code === 'interrupted') throw error;
    const name = formatPlatform(platform);
    const isRun = allVertices([vertex]).some(
      ({ op }) => op.kind === 'run' && op.platform.architecture === platform.architecture,
    );
    if (isRun)
      throw new MpkitError(
        error.code,
        `files of this step are for ${name}: ${error.message}`,
        error,
      );
    const text = `\`${vertex.label.text}\` runs without programs for ${name}, of which it has files: ${error.message}`;
    executor.emit({ type: 'notice', text });
    return undefined;
  }
}

function failure(
  op: RunOp,
  result: StepResult,
  { output, isolation }: { output: string[]; isolation: string | undefined },
): MpkitError {
  const crash = output.findLast((line) => line.includes('qemu: uncaught target signal'));
  const how = result.signal ? `was ended by ${result.signal}` : `exited with ${result.exitCode}`;
  return new MpkitError('step-failed', `\`${shownCommand(op)}\` ${how}`, {
    output,
    hint: crash
      ? `the program crashed under emulation of ${formatPlatform(op.platform)}; try another emulator (\`mpkit emulator ls\`) or a stage on \`--platform=$BUILDPLATFORM\``
      : output.some(isAboutIds)
        ? `${whereIdsEnd()}; ${moreIds()}`
        : (isolation ?? (result.exitCode === killed ? lackOfMemory : undefined)),
  });
}

const killed = 137;
const lackOfMemory =
  "if nobody killed it, the machine's memory ran out: the kernel then ends steps before anything else";

/** All that a program says of an id that does not exist: chown, chgrp, tar, setpriv, useradd. */
function isAboutIds(line: string): boolean {
  return /(chown|chgrp|owner|group|[ug]id).*invalid argument|invalid argument.*(owner|[ug]id)/i.test(
    line,
  );
}

function tooLong(op: RunOp, seconds: number | undefined, output: string[]): MpkitError {
  return new MpkitError('step-timeout', `\`${shownCommand(op)}\` did not end within ${seconds} s`, {
    output,
    hint: '`--run-timeout SECONDS` allows more, 0 any time; finished steps are kept',
  });
}

function tooLarge(op: RunOp, memory: number | undefined, output: string[]): MpkitError {
  const most = sizeWord(memory ?? 0);
  return new MpkitError('step-failed', `\`${shownCommand(op)}\` used more than ${most} of memory`, {
    output,
    hint: '`--memory SIZE` allows more, 0 any; finished steps are kept',
  });
}

function shownCommand({ argv }: RunOp): string {
  const name = argv.length === 3 && argv[1] === '-c' ? argv[2]! : argv.join(' ');
  return name.length > 200 ? `${name.slice(0, 200)}...` : name;
}
