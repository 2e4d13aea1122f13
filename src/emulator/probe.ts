/**
 * Believes nothing: a platform can be run when its probe program, a few hundred bytes for each
 * CPU (native/probe), passed in the very namespace that will run the steps.
 */
import { closeSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PrivateHandler, readProbeAnswer } from '../binfmt/index.ts';
import { detachedOverlay } from '../overlay.ts';
import { probeFolder } from '../paths.ts';
import { runStep } from './sandbox.ts';
import { type Scratch, stubLayer } from './scratch.ts';

export interface ProbeResult {
  passed: boolean;
  /** What `uname -m` says there. */
  machine: string | undefined;
  /** One line for a person: what failed. */
  detail: string;
}

/** Seconds; a healthy probe needs a tenth of one. */
const timeLimit = 20;

export async function probe(
  architecture: string,
  options: {
    root: string;
    scratch: Scratch;
    environment?: Record<string, string>;
    linux32?: boolean;
    handlers?: PrivateHandler[];
  },
): Promise<ProbeResult> {
  const program = `/probe-${architecture}`;
  const folder = options.scratch.make('probe');
  copyFileSync(join(probeFolder(), architecture), join(folder, program));
  let rootFd: number | undefined;
  let output = '';
  try {
    rootFd = detachedOverlay({ lower: [folder, stubLayer(options.root)] });
    const result = await runStep({
      rootFd,
      stateRoot: options.root,
      program,
      command: ['mpkit-probe', program],
      environment: { PATH: '/', ...options.environment },
      directory: '/',
      identity: { user: 0, group: 0, groups: [0] },
      network: 'none',
      timeLimit,
      linux32: options.linux32 ?? false,
      handlers: options.handlers ?? [],
      output: (chunk) => {
        if (output.length < 4096) output += chunk.toString('latin1');
      },
    });
    return judge(output, result.exitCode, result.timedOut);
  } catch (error) {
    return { passed: false, machine: undefined, detail: (error as Error).message };
  } finally {
    if (rootFd !== undefined) closeSync(rootFd);
  }
}

function judge(output: string, exitCode: number, timedOut: boolean): ProbeResult {
  const machine = readProbeAnswer(output)?.machine;
  const facts = output.replaceAll(/[^ -~]+/g, ' ').trim();
  if (exitCode === 0 && machine) return { passed: true, machine, detail: facts };
  const why = timedOut ? `no answer within ${timeLimit} s` : `exit status ${exitCode}`;
  return { passed: false, machine, detail: facts ? `${why}: ${facts}` : why };
}
