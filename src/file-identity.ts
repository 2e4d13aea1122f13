/** Whether a file is as it was, by what the kernel keeps of it: no program can set when it changed. */
import type { Stats } from 'node:fs';

/** The same as long as nobody wrote to it, replaced it, or changed what is known of it. */
export function identityOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

/**
 * Milliseconds in which two changes may have the same time, so that what is younger is not believed:
 * CONFIG_HZ=100, twice, as the clock may have been read just before it moved.
 */
export const longestTick = 20;
