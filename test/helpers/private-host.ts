import { createRequire } from 'node:module';
import { join } from 'node:path';
import { clone, type Outcome, type Project } from './mpkit.ts';
import { type Requirement, requires } from './requires.ts';

/**
 * A host of one's own to change: an empty binfmt_misc that only its processes see, and writable
 * copies of /etc, /usr, /var and /run that go with them. Needs root and Linux 6.7.
 */
export interface PrivateHost extends Requirement {
  /** Runs each in `sh`, with `mpkit` in PATH, one after the other in the same host. */
  steps(project: Project, ...commands: string[]): Promise<Outcome[]>;
  /** The words that start a command in a new one, in `project`'s folder, which is empty there. */
  enter(project: Project): string[];
  /** The words that start a command in the one in which process `pid` is. */
  join(pid: number): string[];
}

export function privateHost(): PrivateHost {
  const root = process.getuid?.() === 0;
  const need = requires('mount', 'unshare', 'nsenter');
  const why = root ? need.why : ' (skipped: only root can copy a host)';
  return { ok: root && need.ok, why, steps, enter, join: joinProcess };
}

async function steps(project: Project, ...commands: string[]): Promise<Outcome[]> {
  const done = await project.run([...enter(project), process.execPath, '-e', driver, ...commands], {
    env: { PATH: path },
  });
  if (done.exitCode !== 0) throw new Error(`the private host ended: ${done.stderr}`);
  return JSON.parse(done.stdout) as Outcome[];
}

const path = `${join(clone, 'bin')}:/usr/local/sbin:/usr/sbin:/sbin:${process.env.PATH}`;

function enter({ folder }: Project): string[] {
  const view = [sandbox(), 'view', '--binfmt', '--', '/bin/sh', 'sh'];
  return [...view, '-c', setUp, 'sh', folder];
}

function joinProcess(pid: number): string[] {
  const namespaces = ['--user', '--mount', `--wd=/proc/${pid}/cwd`];
  return ['nsenter', `--target=${pid}`, ...namespaces, 'env', `PATH=${path}`];
}

/** The compiled helper, wherever this clone keeps it. */
export function sandbox(): string {
  const require = createRequire(import.meta.url);
  const { whereNative } = require('../../setup/freshness.cjs') as { whereNative: () => string };
  return join(whereNative(), 'native/sandbox');
}

/** A tmpfs holds the upper layers, because overlayfs does not take an overlay for them. */
const setUp = `set -e
mount -t tmpfs none "$1"
for each in etc usr var; do
  mkdir -p "$1/$each/upper" "$1/$each/work"
  mount -t overlay overlay -o "lowerdir=/$each,upperdir=$1/$each/upper,workdir=$1/$each/work,userxattr" "/$each"
done
mount -t tmpfs none /run
cd "$1"; shift; exec "$@"`;

const driver = `
const { spawnSync } = require('node:child_process');
const outcomes = process.argv.slice(1).map((command) => {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return { exitCode: status ?? 128, stdout, stderr };
});
console.log(JSON.stringify(outcomes));`;
