/** Notices that somebody changed the host's handlers: /proc tells nobody, so it is read again. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HandlerWatch } from '../tui/port.ts';

const folder = '/proc/sys/fs/binfmt_misc';
const interval = 1000;

export function watchHandlers(changed: () => void): HandlerWatch {
  let last = signature();
  const check = () => {
    const now = signature();
    if (now === last) return;
    last = now;
    changed();
  };
  const timer = setInterval(check, interval);
  timer.unref();
  return { check, stop: () => clearInterval(timer) };
}

function signature(): string {
  try {
    return readdirSync(folder)
      .filter((name) => name !== 'register')
      .map((name) => `${name} ${readFileSync(join(folder, name), 'latin1')}`)
      .join('\n');
  } catch {
    return '';
  }
}
