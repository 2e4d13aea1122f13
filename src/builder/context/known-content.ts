/**
 * Files that were read before are not read again: by other platforms and steps of this build, and by
 * later builds. Whether one is still as it was is told by what the kernel keeps of it; the time of
 * its last change no program can set.
 */
import type { Stats } from 'node:fs';
import { identityOf, longestTick } from '../../file-identity.ts';
import type { Pause } from '../../pause.ts';
import { hashContent } from './content.ts';

export interface KnownContent {
  /** The digest of a regular file that can be read `at`. */
  digestOf: (at: Buffer, stats: Stats, pause: Pause) => Promise<string>;
  /** For the next build, the last used last; undefined where this one learned nothing. */
  learned: () => Known[] | undefined;
}

/** What a file was, and the digest of its bytes then. */
export type Known = [identity: string, digest: string];

/** What builds know of a context's files, by what decides which context it is. */
export interface ContentMemory {
  read: (context: unknown) => Known[];
  write: (context: unknown, known: Known[]) => void;
}

export function knownContent(before: readonly Known[]): KnownContent {
  const kept = new Map<string, string>(before);
  const reading = new Map<string, Promise<string>>();
  let isNew = false;
  const read = async (at: Buffer, identity: string, pause: Pause) => {
    const started = Date.now();
    const { digest, stats } = await hashContent(at, pause);
    // what is changed within one tick of the clock keeps its time
    if (identityOf(stats) === identity && stats.ctimeMs + longestTick < started) {
      kept.set(identity, digest);
      isNew = true;
    }
    return digest;
  };
  return {
    digestOf: async (at, stats, pause) => {
      const identity = identityOf(stats);
      const known = kept.get(identity);
      if (known !== undefined) {
        kept.delete(identity);
        kept.set(identity, known);
        return known;
      }
      const promise = reading.get(identity) ?? read(at, identity, pause);
      reading.set(identity, promise);
      try {
        return await promise;
      } finally {
        reading.delete(identity);
      }
    },
    learned: () => (isNew ? [...kept].slice(-mostKept) : undefined),
  };
}

/** Of one context; some 20 MB. */
const mostKept = 200_000;
