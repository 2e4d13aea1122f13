/**
 * Enters the builder's namespace: starts this same program again inside one user, mount and pid
 * namespace that native/sandbox makes, with its own binfmt_misc. Node has many threads and can
 * never enter one itself. When this process dies, in whatever way, the kernel ends everything.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ioError, MpkitError } from '../errors.ts';
import { packageRoot, rememberedPaths, sandboxProgram } from '../paths.ts';
import { chooseIdMap, type IdMap, readHostIds, singleIdWarning } from './id-map.ts';
import { passSignalsTo } from './pass-signals.ts';
import { readReport, sandboxError } from './report.ts';

/** A host path that the inside needs; root's builder could not read it otherwise. */
export interface Loan {
  path: string;
  access: 'read' | 'write';
}

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
  prepareState(options.root, map);
  if (map.how === 'single' && host.uid !== 0) options.warn(singleIdWarning(host));
  try {
    return await start(options, map);
  } catch (error) {
    // A range that /etc/subuid grants only on paper: go on with what surely works.
    if (map.how !== 'helper' || !(error instanceof MpkitError) || error.code !== 'sandbox')
      throw error;
    options.warn(`${error.message}; ${singleIdWarning({ ...host, hasHelpers: true })}`);
    const { uid, gid } = map.owner;
    return await start(options, {
      how: 'single',
      uids: `0 ${uid} 1`,
      gids: `0 ${gid} 1`,
      owner: map.owner,
    });
  }
}

async function start(options: EnterOptions, map: IdMap): Promise<number> {
  const args = [
    ...['enter', '--report-fd', '3', '--map', map.how, '--uids', map.uids, '--gids', map.gids],
    ...['--directory', workingFolder(), '--parent', String(process.pid)],
    ...loanArguments(options, map),
    ...[
      '--',
      process.execPath,
      ...process.execArgv,
      join(packageRoot(), 'dist/main.js'),
      ...options.argv,
    ],
  ];
  const child = spawn(sandboxProgram(), args, {
    stdio: ['inherit', options.onOutput ? 'pipe' : 'inherit', 'inherit', 'pipe'],
    env: {
      ...process.env,
      MPKIT_INSIDE: '1',
      MPKIT_ROOT: options.root,
      MPKIT_IDS: map.how,
      MPKIT_PATHS: rememberedPaths(),
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

/** Ids are shifted only for root: an ordinary user is the owner of what is lent anyway. */
function loanArguments({ root, loans }: EnterOptions, map: IdMap): string[] {
  const needed =
    map.how === 'direct' && map.owner.uid !== 0
      ? [
          ...loans,
          ...[packageRoot(), process.execPath].map((path) => ({ path, access: 'read' as const })),
        ]
      : [];
  const unique = new Map<string, Loan>();
  for (const loan of needed) {
    const path = realpathSync(loan.path);
    if (unique.get(path)?.access !== 'write') unique.set(path, { ...loan, path });
  }
  const shortestFirst = [...unique.values()].sort((a, b) => a.path.length - b.path.length);
  const words = shortestFirst.flatMap(({ path, access }) => [`--lend-${access[0]}`, path]);
  return needed.length > 0 ? [...words, '--lend-p', realpathSync(root)] : [];
}

/** The state folder: ours, closed to everybody else, checked at every start. */
function prepareState(root: string, map: IdMap): void {
  try {
    mkdirSync(dirname(root), { recursive: true });
    try {
      mkdirSync(root, { mode: 0o700 });
      if (process.getuid?.() === 0) chownSync(root, map.owner.uid, map.owner.gid);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const is = lstatSync(root);
    if (!is.isDirectory()) throw new MpkitError('usage', `state folder \`${root}\` is no folder`);
    if (is.uid !== map.owner.uid) {
      if (process.getuid?.() !== 0 || readdirSync(root).length > 0)
        throw new MpkitError(
          'permission-denied',
          `state folder \`${root}\` belongs to user ${is.uid}, expected ${map.owner.uid}`,
          { hint: 'choose another one with `--root` or MPKIT_ROOT' },
        );
      chownSync(root, map.owner.uid, map.owner.gid);
    }
    if ((is.mode & 0o777) !== 0o700) chmodSync(root, 0o700);
  } catch (error) {
    throw ioError(error, `preparing the state folder \`${root}\``);
  }
}

/** One that was deleted has no name any more. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
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
