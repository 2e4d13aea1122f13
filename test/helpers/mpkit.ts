import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { forgetFirstTry } from './second-try.ts';
import { asUser, folderOf, type TestUser } from './users.ts';

export const clone = join(import.meta.dirname, '../..');

export interface Outcome {
  /** 128 + n if signal n ended it. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface Project {
  /** Working folder of the commands. */
  folder: string;
  /** Their MPKIT_ROOT, beside `folder`; not made yet. */
  root: string;
  /** Writes text files, by path relative to `folder`. */
  write(files: Record<string, string>): void;
  /** Runs the real `bin/mpkit`. */
  mpkit(args: string[], options?: RunOptions): Promise<Outcome>;
  /** Runs any other program in the same way. */
  run(command: string[], options?: RunOptions): Promise<Outcome>;
  remove(): void;
}

export interface RunOptions {
  /** Added to the environment; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  signal?: AbortSignal;
  /** Bytes for stdin, which is /dev/null otherwise. */
  input?: string | Buffer;
  /** Changes the command line before it is run, as us. */
  wrap?: (command: string[]) => string[];
}

/** A temporary folder with its own HOME and MPKIT_ROOT, whose commands run as `user` (or as us). */
export function project(files: Record<string, string> = {}, user?: TestUser): Project {
  prepareOnce();
  const top = folderOf(user);
  const folder = join(top, 'project');
  const root = join(top, 'root');
  const own = (path: string) => user && chownSync(path, user.uid, user.gid);
  for (const path of [folder, join(top, 'home')]) {
    mkdirSync(path);
    own(path);
  }
  const write = (texts: Record<string, string>) => {
    for (const [name, text] of Object.entries(texts)) {
      const path = join(folder, name);
      const made = mkdirSync(dirname(path), { recursive: true });
      for (let each = dirname(path); made && each.startsWith(made); each = dirname(each)) own(each);
      writeFileSync(path, text);
      own(path);
    }
  };
  write(files);
  forgetFirstTry(root);
  const environment = {
    HOME: join(top, 'home'),
    MPKIT_ROOT: root,
    XDG_CACHE_HOME: undefined,
    XDG_DATA_HOME: undefined,
  };
  const run = (command: string[], { env, wrap = (same) => same, ...rest }: RunOptions = {}) => {
    forgetFirstTry(root);
    return collect(wrap(asUser(user, command)), folder, {
      ...rest,
      env: { ...process.env, ...environment, ...env },
    });
  };
  return {
    folder,
    root,
    write,
    run,
    mpkit: (args, options) => run([join(clone, 'bin/mpkit'), ...args], options),
    remove: () => removeTree(top),
  };
}

function collect(
  command: string[],
  cwd: string,
  { env, signal, input }: RunOptions,
): Promise<Outcome> {
  const [program, ...args] = command as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, signal, stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (bytes) => stdout.push(bytes));
    child.stderr.on('data', (bytes) => stderr.push(bytes));
    // a program that does not read its input is no failure of the test
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', (error) => error.name !== 'AbortError' && reject(error));
    child.on('close', (code, killer) =>
      resolve({
        exitCode: code ?? 128 + signalNumber(killer),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
}

function signalNumber(name: NodeJS.Signals | null): number {
  return name === null ? 0 : constants.signals[name];
}

/** Commands run as other users could not set the clone up themselves. */
let prepared = false;
function prepareOnce(): void {
  if (prepared) return;
  execFileSync('node', [join(clone, 'setup/prepare.cjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  prepared = true;
}

/** What subordinate ids own, only a namespace with those ids can remove. */
function removeTree(folder: string): void {
  const isRoot = userInfo().uid === 0;
  // what was told to end may write for a moment still
  for (let left = isRoot ? 50 : 0; ; left--) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (left > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      else if (isRoot) throw error;
      else break;
    }
  }
  execFileSync('unshare', ['-Ur', '--map-auto', 'rm', '-rf', folder]);
}
