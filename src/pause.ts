/**
 * Long synchronous work, in turns: signals, timers and other work come between its pieces, and an
 * abort ends it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MpkitError } from './errors.ts';

/** To be awaited between two pieces, as often as one likes. Throws `interrupted` after an abort. */
export type Pause = () => Promise<void>;

/** Milliseconds that pieces may take together before others have their turn. */
const turn = 20;

export function createPause(signal?: AbortSignal): Pause {
  let since = performance.now();
  return async () => {
    if (performance.now() - since >= turn) {
      await nextTurn();
      since = performance.now();
    }
    requireRunning(signal);
  };
}

/** Throws `interrupted` after an abort. */
export function requireRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MpkitError('interrupted', 'interrupted');
}

/** `source`, with a pause before each of its pieces. */
export async function* inTurns<T>(source: AsyncIterable<T>, pause: Pause): AsyncGenerator<T> {
  for await (const piece of source) {
    await pause();
    yield piece;
  }
}
