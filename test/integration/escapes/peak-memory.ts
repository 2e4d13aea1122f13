import { readdirSync, readFileSync } from 'node:fs';
import type { Outcome } from '../../helpers/mpkit.ts';
import type { Arena } from './arena.ts';

/**
 * Runs mpkit and looks at the peak memory of its own processes, not of those that a step starts:
 * bytes, all of them together.
 */
export async function peakMemory(
  { mpkit, root }: Arena,
  words: string[],
): Promise<{ outcome: Outcome; peak: number }> {
  const peaks = new Map<string, number>();
  const others = new Set<string>();
  const timer = setInterval(() => look(root, peaks, others), 100);
  try {
    const outcome = await mpkit(words);
    return { outcome, peak: [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0) };
  } finally {
    clearInterval(timer);
  }
}

/**
 * The kernel keeps each process's peak; only what ends between two looks is missed. A pid that is
 * none of ours once is not looked at again: there may be thousands.
 */
function look(root: string, peaks: Map<string, number>, others: Set<string>): void {
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || others.has(pid)) continue;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (/dist\/main\.js|bin\/mpkit|launch\.cjs/.test(command) && isOf(pid, root)) {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
        if (peak > 0) peaks.set(pid, peak);
      } else if (!command.includes(root)) others.add(pid);
    } catch {
      // it ended meanwhile
    }
  }
}

function isOf(pid: string, root: string): boolean {
  return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(root);
}
