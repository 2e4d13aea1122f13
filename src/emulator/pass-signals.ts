/** What is sent to this process reaches the one that works for it. Returns how to end that. */
import type { ChildProcess } from 'node:child_process';

/**
 * Ctrl-C reaches a child of the same foreground group by itself, so it may get SIGINT twice. To
 * mpkit that is the same as once; `sharesTerminal`: to the command at the other end it may not be.
 */
export function passSignalsTo(
  child: ChildProcess,
  { sharesTerminal }: { sharesTerminal: boolean },
): () => void {
  const signals: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2'];
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  const handlers = signals.map((signal) => {
    const handler = signal === 'SIGINT' && sharesTerminal ? () => {} : () => void pass(signal);
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
