/** RUN: one command in the sandbox, on a writable layer. */
import { closeSync } from 'node:fs';
import {
  chooseNetwork,
  guestEnvironment,
  guestFiles,
  guestHostname,
  requireMapped,
  resolveUser,
  runStep,
  type StepResult,
} from '../../emulator/index.ts';
import { MpkitError } from '../../errors.ts';
import { formatPlatform } from '../../platform.ts';
import { makeFoldersInRoot } from '../context/index.ts';
import type { RunOp, Vertex } from '../plan/index.ts';
import { chainOf } from '../snapshot/index.ts';
import type { Executor, Inputs, Work } from './executor.ts';
import { createTail } from './tail.ts';

export function runWork(vertex: Vertex, op: RunOp, inputs: Inputs, executor: Executor): Work {
  return {
    key: ['run', { ...op, hostname: guestHostname }, chainOf(inputs[0] ?? [])],
    stub: true,
    perform: ({ rootFd }) => execute(vertex, op, rootFd, executor),
  };
}

async function execute(
  vertex: Vertex,
  op: RunOp,
  rootFd: number,
  executor: Executor,
): Promise<void> {
  const runner = await executor.runners.get(op.platform);
  const user = resolveUser(rootFd, op.user);
  requireMapped(user, op.user);
  closeSync(makeFoldersInRoot(rootFd, op.directory));
  const network = chooseNetwork(op.network === 'default' ? 'host' : op.network);
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
    platform: op.platform,
    ...network.step,
    output: (chunk) => {
      tail.add(chunk);
      executor.emit({ type: 'log', vertex: vertex.label, chunk, at: Date.now() });
    },
    signal: executor.signal,
  });
  if (result.exitCode !== 0) throw failure(op, result, tail.lines());
}

function failure(op: RunOp, result: StepResult, output: string[]): MpkitError {
  const crash = output.findLast((line) => line.includes('qemu: uncaught target signal'));
  const how = result.signal ? `was ended by ${result.signal}` : `exited with ${result.exitCode}`;
  const name = op.argv.length === 3 && op.argv[1] === '-c' ? op.argv[2]! : op.argv.join(' ');
  const shown = name.length > 200 ? `${name.slice(0, 200)}...` : name;
  return new MpkitError('step-failed', `\`${shown}\` ${how}`, {
    output,
    hint: crash
      ? `the program crashed under emulation of ${formatPlatform(op.platform)}; try another emulator (\`mpkit emulator ls\`) or a stage on \`--platform=$BUILDPLATFORM\``
      : undefined,
  });
}
