import { execFileSync } from 'node:child_process';
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { slowly } from './speed.ts';

/** For `it.skipIf(!need.ok)(`does a thing${need.why}`, …)`: `why` is empty when `ok`. */
export interface Requirement {
  ok: boolean;
  why: string;
}

/**
 * Programs that a test needs. As root a missing one is installed with apt-get, once for all
 * workers; otherwise the answer says why the test has to be skipped.
 */
export function requires(...programs: string[]): Requirement {
  const missing = () => programs.filter((program) => !isOnPath(program));
  if (missing().length === 0) return { ok: true, why: '' };
  if (process.getuid?.() !== 0) return skip(missing(), 'only root can install it');
  if (!isOnPath('apt-get')) return skip(missing(), 'there is no `apt-get`');
  const failure = alone(() => {
    for (const program of missing()) {
      const text = install(packages.get(program) ?? program);
      if (text !== undefined) return text;
    }
    return undefined;
  });
  if (failure !== undefined) return skip(missing(), failure);
  return missing().length === 0 ? { ok: true, why: '' } : skip(missing(), 'its package lacks it');
}

export function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs `action` while no other worker is in `alone`. */
export function alone<T>(action: () => T): T {
  const { withLock } = createRequire(import.meta.url)('../../setup/lock.cjs') as {
    withLock: <U>(folder: string, action: () => U) => U;
  };
  return withLock(ownFolder(), action);
}

/** Debian's package where it is not named like the program. */
const packages = new Map([
  ['newuidmap', 'uidmap'],
  ['pasta', 'passt'],
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['mkfs.ext4', 'e2fsprogs'],
]);

function skip(programs: string[], reason: string): Requirement {
  return { ok: false, why: ` (skipped: no \`${programs.join('`, `')}\`: ${reason})` };
}

/** Returns why it failed; the other workers do not try again for ten minutes. */
function install(name: string): string | undefined {
  const failed = join(ownFolder(), `failed-${name}`);
  if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < 600_000)
    return '`apt-get install` failed before';
  const arguments_ = ['install', '-y', '-q', '--no-install-recommends', name];
  if (aptGet(arguments_) || (aptGet(['update', '-q']) && aptGet(arguments_))) {
    rmSync(failed, { force: true });
    const { MPKIT_TEST_RUN } = process.env;
    if (MPKIT_TEST_RUN) appendFileSync(join(MPKIT_TEST_RUN, 'packages'), `${name}\n`);
    return undefined;
  }
  writeFileSync(failed, '');
  return '`apt-get install` fails';
}

function aptGet(arguments_: string[]): boolean {
  try {
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...arguments_], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: slowly(300_000),
    });
    return true;
  } catch {
    return false;
  }
}

/** What all runs of tests on this machine share (setup/test-machine.mjs). */
export function ownFolder(): string {
  const { MPKIT_TEST_SHARED } = process.env;
  const folder = MPKIT_TEST_SHARED || join(tmpdir(), `mpkit-tests-${process.getuid?.()}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}
