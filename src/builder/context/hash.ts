/** The digest of what a COPY selects, by reading it: tells whether the cache has it already. */
import { MpkitError } from '../../errors.ts';
import type { Pause } from '../../pause.ts';
import { hashContent } from './content.ts';
import { createFingerprint, readFacts } from './fingerprint.ts';
import type { Selected } from './select.ts';
import type { FileSource } from './source.ts';
import { type WalkedEntry, walk } from './walk.ts';

export async function hashSelection(
  source: FileSource,
  selected: Selected[],
  pause: Pause,
): Promise<string> {
  const fingerprint = createFingerprint(source);
  for (const each of selected) {
    fingerprint.select(each.stats.isDirectory() ? '/' : each.name);
    for (const entry of walk(source, each)) {
      const { path, stats } = entry;
      try {
        const content = stats.isFile() ? await digestOf(entry, source, pause) : undefined;
        fingerprint.add(path, readFacts(source, entry), content);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const name = Buffer.from(`${each.name}/${path}`.replace(/\/$/, ''));
        throw code === 'EACCES' ? unreadable(name, error) : error;
      }
      await pause();
    }
  }
  return fingerprint.digest();
}

async function digestOf(
  { at, stats }: WalkedEntry,
  { known }: FileSource,
  pause: Pause,
): Promise<string> {
  return known ? known.digestOf(at, stats, pause) : (await hashContent(at, pause)).digest;
}

/** A file of the context that its own owner does not let us read. */
export function unreadable(path: Buffer, cause: unknown): MpkitError {
  return new MpkitError('permission-denied', `cannot read \`${path}\`: EACCES`, {
    hint: 'make it readable, or leave it out with `.dockerignore`',
    cause,
  });
}
