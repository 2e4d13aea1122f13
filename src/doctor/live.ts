/** The facts of the running machine. */
import { readFileSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { type HostFacts, hostFacts } from './facts.ts';
import type { Trials } from './trials/trial.ts';

export function liveHost(stateFolder: string, trials?: Trials): HostFacts {
  const uid = process.getuid?.() ?? 0;
  return hostFacts('/', {
    kernel: { release: release(), machine: machineName() },
    user: { uid, gid: process.getgid?.() ?? 0, name: nameOf(uid) },
    environment: process.env,
    searchPath: [
      ...new Set([
        ...(process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/')),
        ...['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
      ]),
    ],
    now: Date.now(),
    state: { folder: stateFolder, free: freeBytes(stateFolder) },
    trials,
  });
}

/** As uname(2) says; Node's own word is that of its build. */
function machineName(): string {
  const names: Record<string, string> = { x64: 'x86_64', ia32: 'i686', arm64: 'aarch64' };
  try {
    return readFileSync('/proc/sys/kernel/arch', 'utf8').trim();
  } catch {
    // before Linux 6.1
    return names[process.arch] ?? process.arch;
  }
}

/** Of the nearest folder that exists. */
function freeBytes(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return folder === '/' ? undefined : freeBytes(dirname(folder));
  }
}

function nameOf(uid: number): string | undefined {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.find((line) => line.split(':')[2] === String(uid))?.split(':')[0];
  } catch {
    return undefined;
  }
}
