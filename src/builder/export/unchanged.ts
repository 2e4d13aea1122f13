/**
 * Results that lie where they were written are not written again. That nobody touched one is told by
 * what the kernel keeps of a file, which no program can set: its inode and the time of its change.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { callersWords } from '../../caller-paths.ts';
import { longestTick } from '../../file-identity.ts';
import { walkTree } from '../../walk-tree.ts';
import { digestOf, hexOf } from '../image/digest.ts';

/** `content` is whatever decides the bytes of the result. */
export interface Results {
  isThere: (dest: string, content: unknown) => boolean;
  /** To be called once `dest` is written. */
  remember: (dest: string, content: unknown) => Promise<void>;
}

/** What a build keeps for the next one, by key. */
interface Memory {
  findDigest: (key: string) => string | undefined;
  putDigest: (key: string, digest: string) => void;
}

export function openResults(memory: Memory): Results {
  const keyOf = (dest: string) => hashOf(['result', callersWords(dest)]);
  return {
    isThere: (dest, content) => {
      const known = memory.findDigest(keyOf(dest));
      const state = known === undefined ? undefined : stateOf(dest);
      return state !== undefined && known === hashOf([content, state.files]);
    },
    remember: async (dest, content) => {
      const written = stateOf(dest);
      // another change within one tick of the kernel's clock would leave the same time
      if (written) await sleep(Math.max(0, written.changed + longestTick - Date.now()));
      const state = stateOf(dest);
      try {
        if (state) memory.putDigest(keyOf(dest), hashOf([content, state.files]));
      } catch {
        // the result is there: it will only be written once more
      }
    },
  };
}

function hashOf(value: unknown): string {
  return hexOf(digestOf(Buffer.from(JSON.stringify(value))));
}

/** Of everything that is there; `changed`: when last, in milliseconds since 1970. */
function stateOf(dest: string): { files: string[]; changed: number } | undefined {
  const files: string[] = [];
  let changed = 0;
  try {
    for (const { name, stats } of walkTree(Buffer.from(dest))) {
      const { dev, ino, mode, size, mtimeNs, ctimeNs } = stats;
      files.push([name.toString('latin1'), dev, ino, mode, size, mtimeNs, ctimeNs].join(' '));
      changed = Math.max(changed, Number(ctimeNs / 1_000_000n));
    }
  } catch {
    // nothing, or something that somebody removes at this moment
    return undefined;
  }
  return { files, changed };
}
