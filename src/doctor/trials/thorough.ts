/** What takes seconds: the disk with every write made durable. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Scratch } from '../../emulator/index.ts';

export interface ThoroughTrials {
  /** Of a small file that is written and made durable. */
  milliseconds: number;
}

export function tryThoroughly(scratch: Scratch): ThoroughTrials {
  return { milliseconds: timeDisk(scratch) };
}

function timeDisk(scratch: Scratch): number {
  const folder = scratch.make('disk');
  const count = 10;
  const start = performance.now();
  for (let at = 0; at < count; at++) {
    const fd = openSync(join(folder, String(at)), 'w');
    writeSync(fd, Buffer.alloc(4096));
    fsyncSync(fd);
    closeSync(fd);
  }
  return Math.round((performance.now() - start) / count);
}
