/** What is sent to this process reaches the one that works for it. Returns how to end that. */
import type { ChildProcess } from 'node:child_process';

export function passSignalsTo(child: ChildProcess): () => void {
  const signals: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2'];
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  // Ctrl-C reaches the child by itself: it is in the same foreground group.
  const handlers = signals.map((signal) => {
    const handler = signal === 'SIGINT' && process.stdin.isTTY ? () => {} : () => void pass(signal);
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
