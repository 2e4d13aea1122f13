import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

/**
 * A limit for waiting, made longer on a slower machine; every limit that a test or a helper sets
 * itself goes through here. What a program's own speed is measured with is `effort`, never a limit.
 */
export function slowly(milliseconds: number): number {
  return Math.round(milliseconds * Number(process.env[variable] ?? 1));
}

/** How much slower than the machine it was written on; vitest.config.ts asks once, for all workers. */
export function measureSlowness(): Record<string, string> {
  const slowness = Math.max(1, processes() / 2.5, calls() / 8, rounds() / 6);
  return { [variable]: Math.min(slowness, 20).toFixed(2) };
}

/**
 * What `action` costs this process, in millions of rounds of a simple loop: the same on
 * every machine, whatever else keeps it busy. The least of `tries`.
 */
export async function effort(action: () => unknown, tries = 1): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < tries; at++) {
    const before = best(3, referenceWork);
    const start = process.cpuUsage();
    await action();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000 / Math.max(before, best(3, referenceWork)));
  }
  return least;
}

/**
 * How many times as long as `reference` an action takes. They take turns, and the best turn of each
 * counts, until the ratio is below `enough`; so others on the machine disturb both or neither.
 */
export async function timesAsLong(
  action: () => Promise<unknown>,
  reference: () => Promise<unknown>,
  enough: number,
): Promise<number> {
  let [least, pace] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let turn = 0; turn < 30 && (turn < 3 || least / pace >= enough); turn++) {
    pace = Math.min(pace, await wallTime(reference));
    least = Math.min(least, await wallTime(action));
  }
  return least / pace;
}

const variable = 'MPKIT_TEST_SLOWNESS';

/** Milliseconds of a shell that starts a program. */
function processes(): number {
  return median(15, () => spawnSync('/bin/sh', ['-c', '/bin/true; :']));
}

function calls(): number {
  return median(9, () => {
    for (let at = 0; at < 5000; at++) statSync('/');
  });
}

function rounds(): number {
  return median(9, () => loop(4_000_000));
}

function referenceWork(): void {
  loop(1_000_000);
}

function loop(times: number): number {
  let sum = 0;
  for (let at = 0; at < times; at++) sum = (Math.imul(sum, 31) + at) | 0;
  return sum;
}

function median(times: number, action: () => unknown): number {
  return measured(times, action)[times >> 1] as number;
}

function best(times: number, action: () => unknown): number {
  return measured(times, action)[0] as number;
}

function measured(times: number, action: () => unknown): number[] {
  const all: number[] = [];
  for (let at = 0; at < times; at++) {
    const start = performance.now();
    action();
    all.push(performance.now() - start);
  }
  return all.sort((a, b) => a - b);
}

async function wallTime(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
