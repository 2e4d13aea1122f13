import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { differences } from './canary.ts';
import { slowly } from './speed.ts';

/** What a command may not change on the machine that runs it. */
export interface HostState {
  mounts: string[];
  /** Registered handlers, each with the kernel's text about it. */
  handlers: string[];
}

/** Take one before, and compare with `hostChanges` or `lastingChanges`. */
export function hostState(): HostState {
  return { mounts: read('/proc/self/mounts').trim().split('\n'), handlers: handlers() };
}

/** One line per mount or handler that came or went; empty is the expected answer. */
export function hostChanges(before: HostState, after = hostState()): string[] {
  return [
    ...differences(before.mounts, after.mounts),
    ...differences(before.handlers, after.handlers),
  ];
}

/**
 * What is still different after half a minute: a test beside this one may register handlers for the
 * whole host, as test/integration/binfmt/host-wide.test.ts does, and takes them away again.
 */
export function lastingChanges(before: HostState): Promise<string[]> {
  return lasting(() => hostChanges(before));
}

/** `leftovers` after half a minute at most: the kernel ends what is below a killed process, in a moment. */
export function lastingLeftovers(folder: string): Promise<string[]> {
  return lasting(() => leftovers(folder));
}

/**
 * Processes that still have to do with `folder` (a project or state root): by command line,
 * environment, working folder, root folder, open file or mounts. One `pid command` line each; empty is the
 * expected answer. Sees everything as root, only its own user's processes otherwise.
 */
export function leftovers(folder: string): string[] {
  const pids = readdirSync('/proc').filter(
    (name) => /^[0-9]+$/.test(name) && name !== `${process.pid}`,
  );
  return pids.filter((pid) => concerns(pid, folder)).map((pid) => `${pid} ${commandLine(pid)}`);
}

/** What a look finds, once it finds nothing or for too long. */
async function lasting(look: () => string[]): Promise<string[]> {
  const end = performance.now() + slowly(30_000);
  let found = look();
  while (found.length > 0 && performance.now() < end) {
    await wait(50);
    found = look();
  }
  return found;
}

function concerns(pid: string, folder: string): boolean {
  const texts = ['cmdline', 'environ', 'mountinfo'].map((name) => read(`/proc/${pid}/${name}`));
  const links = ['cwd', 'root', 'exe'].map((name) => link(`/proc/${pid}/${name}`));
  const files = list(`/proc/${pid}/fd`).map((fd) => link(join(`/proc/${pid}/fd`, fd)));
  return [...texts, ...links, ...files].some((text) => text.includes(folder));
}

function handlers(): string[] {
  const folder = '/proc/sys/fs/binfmt_misc';
  return list(folder)
    .filter((name) => name !== 'register')
    .map((name) => `${name}: ${read(join(folder, name)).trim().replaceAll('\n', ', ')}`);
}

function commandLine(pid: string): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

// a process may end, or belong to somebody else, while we look at it

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
