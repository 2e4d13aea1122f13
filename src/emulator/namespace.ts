/**
 * Enters the builder's namespace: starts this same program again inside one user, mount and pid
 * namespace that native/sandbox makes, with its own binfmt_misc. Node has many threads and can
 * never enter one itself. When this process dies, in whatever way, the kernel ends everything.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { MpkitError } from '../errors.ts';
import { sandboxProgram } from '../paths.ts';
import { chooseIdMap, type IdMap, readHostIds, singleIdWarning } from './id-map.ts';
import { type Loan, lend } from './loans.ts';
import { passSignalsTo } from './pass-signals.ts';
import { readReport, sandboxError } from './report.ts';
import { locateState, prepareState, type StateFolder } from './state-folder.ts';

export interface EnterOptions {
  root: string;
  loans: Loan[];
  /** The words after the program, as the inside shall see them. */
  argv: string[];
  warn: (text: string) => void;
  /** The inside gives the caller's terminal to a command that is not mpkit's. */
  sharesTerminal?: boolean;
  /** Gets what the inside prints; else it goes where this process's own output goes. */
  onOutput?: (chunk: Buffer) => void;
}

/** True in the process that runs inside. */
export function isInside(): boolean {
  return process.env.MPKIT_INSIDE === '1';
}

/** Runs mpkit inside; resolves to its exit status. */
export async function enterNamespace(options: EnterOptions): Promise<number> {
  const host = readHostIds();
  const map = chooseIdMap(host);
  const root = locateState(options.root);
  const state = prepareState(root, map);
  if (map.how === 'single' && host.uid !== 0) options.warn(singleIdWarning(host));
  try {
    return await start(options, map, state);
  } catch (error) {
    // A range that /etc/subuid grants only on paper: go on with what surely works.
    if (map.how !== 'helper' || !(error instanceof MpkitError) || error.code !== 'sandbox')
      throw error;
    options.warn(`${error.message}; ${singleIdWarning({ ...host, hasHelpers: true })}`);
    const { uid, gid } = map.owner;
    const single = { uids: `0 ${uid} 1`, gids: `0 ${gid} 1`, owner: map.owner };
    return await start(options, { how: 'single', ...single }, state);
  }
}

async function start(options: EnterOptions, map: IdMap, state: StateFolder): Promise<number> {
  const lent = lend(state, options.loans, map);
  const args = [
    ...['enter', '--report-fd', '3', '--map', map.how, '--uids', map.uids, '--gids', map.gids],
    ...['--parent', String(process.pid), ...lent.words],
    ...['--', ...lent.program, ...options.argv],
  ];
  const child = spawn(sandboxProgram(), args, {
    stdio: ['inherit', options.onOutput ? 'pipe' : 'inherit', 'inherit', 'pipe'],
    env: {
      ...process.env,
      MPKIT_INSIDE: '1',
      MPKIT_IDS: map.how,
      ...lent.environment,
    },
  });
  const stop = passSignalsTo(child, { sharesTerminal: options.sharesTerminal ?? false });
  if (options.onOutput) child.stdout?.on('data', options.onOutput);
  try {
    const [status, report] = await Promise.all([exitOf(child), readReport(child.stdio[3])]);
    if (report.error) throw sandboxError(report.error);
    return status;
  } finally {
    stop();
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(
        new MpkitError('host-unable', `cannot start \`${sandboxProgram()}\`: ${cause.message}`, {
          cause,
        }),
      ),
    );
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
}
