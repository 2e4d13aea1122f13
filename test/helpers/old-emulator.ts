import { execFileSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { clone } from './mpkit.ts';
import { alone, type Requirement } from './requires.ts';

/** Debian 12's QEMU 7.2 for arm64, a static program, fetched once per machine. */
export function oldEmulator(): Requirement & { path: string } {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mpkit-test');
  const folder = join(cache, 'qemu-user-static-12');
  return alone(() => {
    try {
      execFileSync(join(clone, 'examples/hello/fetch.sh'), [folder, 'qemu-user-static', 'amd64'], {
        env: { ...process.env, SUITES: 'bookworm' },
        stdio: 'ignore',
      });
      return { ok: true, why: '', path: join(folder, 'amd64/usr/bin/qemu-aarch64-static') };
    } catch {
      return { ok: false, why: ' (skipped: this mirror has no QEMU 7.2 of Debian 12)', path: '' };
    }
  });
}
