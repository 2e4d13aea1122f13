import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { clone, type Outcome } from '../helpers/mpkit.ts';
import { slowly } from '../helpers/speed.ts';

/** A fresh clone, as a newcomer has it: the working tree without anything that set-up makes. */
export interface Copy {
  folder: string;
  /** A new, empty HOME. */
  home: string;
  /** Runs a command in `folder`; `started` sees the process id. */
  run(command: string[], options?: CopyRun): Promise<Outcome>;
  /** `bin/mpkit --version`. */
  start(options?: CopyRun): Promise<Outcome>;
  remove(): void;
}

export interface CopyRun {
  env?: Record<string, string>;
  started?: (pid: number) => void;
}

/** `linked` borrows this tree's `node_modules`, which saves the download. */
export function freshCopy(dependencies: 'linked' | 'missing'): Copy {
  const top = mkdtempSync(join(tmpdir(), 'mpkit-copy-'));
  chmodSync(top, 0o755);
  const [folder, home] = [join(top, 'mpkit'), join(top, 'home')];
  mkdirSync(home);
  for (const path of treeFiles()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(clone, path), join(folder, path));
  }
  if (dependencies === 'linked')
    symlinkSync(join(clone, 'node_modules'), join(folder, 'node_modules'));
  const run: Copy['run'] = (command, options = {}) => collect(command, folder, home, options);
  return {
    folder,
    home,
    run,
    start: (options) => run([join(folder, 'bin/mpkit'), '--version'], options),
    remove: () => rmSync(top, { recursive: true, force: true }),
  };
}

/** A folder for PATH that holds these programs of the host and nothing else. */
export function onlyPrograms(folder: string, programs: string[]): string {
  const path = join(folder, 'only');
  mkdirSync(path);
  for (const program of programs) {
    const found = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
    symlinkSync(found, join(path, program));
  }
  return path;
}

/** Makes Node say that it is another version; returns the environment that does it. */
export function pretendNode(folder: string, version: string): Record<string, string> {
  const preload = join(folder, 'pretend.cjs');
  const versions = `{ ...process.versions, node: '${version}' }`;
  writeFileSync(preload, `Object.defineProperty(process, 'versions', { value: ${versions} });\n`);
  return { NODE_OPTIONS: `--require ${preload}` };
}

function treeFiles(): string[] {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const output = execFileSync('git', list, { cwd: clone, encoding: 'utf8' });
  return output.split('\0').filter((path) => path !== '' && existsSync(join(clone, path)));
}

function collect(
  [program, ...args]: string[],
  cwd: string,
  home: string,
  { env, started }: CopyRun,
): Promise<Outcome> {
  const clean = {
    ...network(),
    HOME: home,
    PATH: process.env.PATH,
    MPKIT_ROOT: join(home, 'root'),
  };
  return new Promise((resolve, reject) => {
    const child = spawn(program as string, args, {
      cwd,
      env: { ...clean, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: slowly(120_000),
      killSignal: 'SIGKILL',
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (bytes) => (stdout += bytes));
    child.stderr.on('data', (bytes) => (stderr += bytes));
    child.on('spawn', () => started?.(child.pid as number));
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? -1, stdout, stderr }));
  });
}

/** How this machine reaches a registry: proxies and certificates. */
function network(): Record<string, string | undefined> {
  const wanted = /_proxy$|_cert_(file|dir)$|_ca_certs$|^npm_config_(registry|cafile)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => wanted.test(name)));
}
