import { setFlagsFromString } from 'node:v8';

/**
 * Loads what draws, by `load`, with what Ink asks its surroundings once, when it is loaded: whether
 * there are colours (it knows nothing of NO_COLOR), and for its layout whether there is a `fetch`,
 * for the answer to which Node would load a whole HTTP client.
 */
export async function loadInk<T>(
  stream: Pick<NodeJS.WriteStream, 'isTTY'>,
  load: () => Promise<T>,
): Promise<T> {
  const { FORCE_COLOR, NO_COLOR } = process.env;
  process.env.FORCE_COLOR = NO_COLOR || !stream.isTTY ? '0' : (FORCE_COLOR ?? '1');
  const fetch = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
  Reflect.deleteProperty(globalThis, 'fetch');
  // a few layouts a second are not worth the optimizing compiler, which takes longer than they do
  setFlagsFromString('--liftoff-only');
  try {
    return await load();
  } finally {
    if (fetch) Object.defineProperty(globalThis, 'fetch', fetch);
    if (FORCE_COLOR === undefined) delete process.env.FORCE_COLOR;
    else process.env.FORCE_COLOR = FORCE_COLOR;
  }
}
