import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { chooseIdMap, readHostIds } from '../../src/emulator/id-map.ts';
import { storeIsOfHost } from '../../src/emulator/state-folder.ts';
import { clone, type Project } from './mpkit.ts';
import { alone } from './requires.ts';
import type { TestUser } from './users.ts';

/** What `--platform` takes for the CPUs of `busyboxBase`. */
export const sevenPlatforms =
  'linux/amd64,linux/386,linux/arm64,linux/arm/v7,linux/riscv64,linux/ppc64le,linux/s390x';

/**
 * Gives the state folder of a fresh project Debian's emulators, as `mpkit emulator add` keeps them.
 * They are fetched once per machine and linked: replace a program of the store, never write to it.
 */
export function emulatorState(project: Pick<Project, 'root'>, user?: TestUser): void {
  const kept = keptEmulators();
  const owner = user ?? ownerOfState();
  const folder = join(project.root, 'emulators/sha256');
  mkdirSync(folder, { recursive: true });
  chownSync(project.root, owner.uid, owner.gid);
  const keeper = user === undefined && storeIsOfHost(project.root) ? { uid: 0, gid: 0 } : owner;
  for (const each of [dirname(folder), folder]) chownSync(each, keeper.uid, keeper.gid);
  chmodSync(project.root, 0o700);
  for (const name of readdirSync(kept)) link(join(kept, name), join(folder, name));
}

/**
 * An image of busybox for seven CPUs, an OCI layout that everybody may read, in `project`'s parent
 * folder. It is built once per machine; `--build-context base=oci-layout://…` names it.
 */
export function busyboxBase(project: Pick<Project, 'root'>): string {
  const target = join(dirname(project.root), 'base');
  linkTree(keptBase(), target);
  return target;
}

function keptEmulators(): string {
  return kept('emulators', [], (work) => {
    const environment = { ...process.env, MPKIT_ROOT: join(work, 'state') };
    mpkit(['emulator', 'add', '--source', 'debian'], environment);
    const store = join(work, 'state/emulators/sha256');
    const result = join(work, 'result');
    mkdirSync(result);
    for (const name of readdirSync(store).filter((each) => each !== '.lock')) {
      copyFileSync(join(store, name), join(result, name));
      chmodSync(join(result, name), name.endsWith('.json') ? 0o444 : 0o555);
    }
    return result;
  });
}

function keptBase(): string {
  const emulators = keptEmulators();
  const example = join(clone, 'examples/hello');
  const recipe = ['base.sh', 'base.Dockerfile', 'fetch.sh'].map((each) => join(example, each));
  return kept('base', recipe, (work) => {
    const root = join(work, 'state');
    const { uid, gid } = ownerOfState();
    cpSync(emulators, join(root, 'emulators/sha256'), { recursive: true });
    for (const each of ['', 'emulators', 'emulators/sha256']) chownSync(join(root, each), uid, gid);
    execFileSync('sh', [join(example, 'base.sh'), join(work, 'context')], {
      env: { ...process.env, MPKIT_ROOT: root, XDG_CACHE_HOME: join(work, 'cache') },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return join(work, 'context/oci-layout');
  });
}

/** A folder of the cache that `make` made once; named after the files it depends on. */
export function kept(name: string, recipe: string[], make: (work: string) => string): string {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mpkit-test');
  const hash = createHash('sha256');
  for (const file of recipe) hash.update(readFileSync(file));
  const folder = join(
    cache,
    recipe.length > 0 ? `${name}-${hash.digest('hex').slice(0, 12)}` : name,
  );
  if (existsSync(folder)) return folder;
  return alone(() => {
    if (existsSync(folder)) return folder;
    mkdirSync(cache, { recursive: true });
    const work = mkdtempSync(join(cache, '.make-'));
    try {
      renameSync(make(work), folder);
      return folder;
    } finally {
      removeOwn(work);
    }
  });
}

function mpkit(args: string[], env: NodeJS.ProcessEnv): void {
  execFileSync(join(clone, 'bin/mpkit'), args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** The host's ids that are root inside the builder's namespace. */
function ownerOfState(): { uid: number; gid: number } {
  return chooseIdMap(readHostIds()).owner;
}

function linkTree(from: string, to: string): void {
  mkdirSync(to, { mode: 0o755 });
  for (const each of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, each.name), join(to, each.name)];
    if (each.isDirectory()) linkTree(source, target);
    else link(source, target);
  }
}

/** Temporary folders and the cache may lie on different file systems. */
function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    copyFileSync(from, to);
  }
}

function removeOwn(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    execFileSync('unshare', ['-Ur', '--map-auto', 'rm', '-rf', folder]);
  }
}
