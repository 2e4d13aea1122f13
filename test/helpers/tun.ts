import { requires } from './requires.ts';

/** As root, and where pasta is: the device that it needs can then be made as a test wants it. */
export const tunOfOurOwn =
  process.getuid?.() === 0
    ? requires('pasta', 'unshare')
    : { ok: false, why: ' (skipped: the tests do not run as root)' };

/** The command line that runs `command` where /dev/net/tun has `mode`; the host's stays as it is. */
export function withTun(mode: '600' | '666' | 'missing', command: string[]): string[] {
  const make = mode === 'missing' ? '' : `mknod -m ${mode} /dev/net/tun c 10 200 && `;
  const script = `mount -t tmpfs none /dev/net && ${make}exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...command];
}
