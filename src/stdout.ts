/** Stdout as the place of a result that somebody may never read. */
import { MpkitError } from './errors.ts';

/** The chunk is free again when its bytes have been taken; a reader may never do that. */
export function putToStdout(
  bytes: Buffer | string,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new MpkitError('interrupted', 'interrupted'));
    if (signal?.aborted) return stop();
    signal?.addEventListener('abort', stop);
    process.stdout.write(bytes, (error) => {
      signal?.removeEventListener('abort', stop);
      if (error) reject(error);
      else resolve();
    });
  });
}
