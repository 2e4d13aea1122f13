/** A file that somebody else writes: its size in bytes again and again, until the watch is ended. */
import { stat } from 'node:fs/promises';

/** Milliseconds. */
const interval = 200;

/** A file that is not there yet has no bytes. Nothing is told after the returned function was called. */
export function watchGrowth(path: string, tell: (bytes: number) => void): () => void {
  let isWatched = true;
  const timer = setInterval(async () => {
    const facts = await stat(path).catch(() => undefined);
    if (isWatched) tell(facts?.size ?? 0);
  }, interval);
  return () => {
    isWatched = false;
    clearInterval(timer);
  };
}
