/** `mpkit` alone in a terminal: the interface, whose every screen is plain commands. */
import { formatPlatform, hostPlatform } from '../platform.ts';
import type { RunningApp } from '../tui/app.tsx';
import { loadInk } from '../tui/load-ink.ts';
import { interactive, isTerminalLent, start } from './child.ts';
import { watchHandlers } from './watch-handlers.ts';

/** Somebody is there to press keys, and the terminal can draw. */
export function canOpenInterface(environment: NodeJS.ProcessEnv): boolean {
  const { CI, TERM } = environment;
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  return isTerminal && TERM !== 'dumb' && (CI === undefined || CI === '' || CI === 'false');
}

/** Resolves to the exit status; the terminal is restored whatever happens. */
export async function openInterface(): Promise<number> {
  const { openApp } = await loadInk(process.stdout, () => import('../tui/app.tsx'));
  const app = openApp(
    {
      folder: process.cwd(),
      platform: formatPlatform(hostPlatform()),
      isRoot: process.geteuid?.() === 0,
      start,
      interactive,
      watchHandlers,
    },
    { input: process.stdin, output: process.stdout, environment: process.env },
  );
  const died = restoreOnDeath(app);
  try {
    return await Promise.race([app.finished.then(() => 0), died]);
  } finally {
    app.restore();
    await app.stop();
    // a command that does not end must not keep us
    process.stdin.unref();
  }
}

/** Signals end it in an orderly way; a bug is told on a terminal that works again. */
function restoreOnDeath(app: RunningApp): Promise<number> {
  process.on('exit', app.restore);
  return new Promise((resolve, reject) => {
    for (const [name, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 }))
      process.on(name, () => {
        if (name !== 'SIGINT' || !isTerminalLent()) resolve(128 + number);
      });
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });
}
