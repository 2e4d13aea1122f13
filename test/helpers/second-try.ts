import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TestRunner } from 'vitest';

/**
 * Called for each project and each of its commands. A test that is tried again may find no step of
 * its first try in the cache of `root`: a step that is not executed prints nothing, and the second
 * try would fail whatever was wrong with the first.
 */
export function forgetFirstTry(root: string): void {
  const test = TestRunner.getCurrentTest();
  const tries = test?.result?.retryCount ?? 0;
  if (!test || tries === 0 || forgotten.get(root) === `${test.id} ${tries}`) return;
  forgotten.set(root, `${test.id} ${tries}`);
  const cache = join(root, 'cache');
  if (!existsSync(cache)) return;
  // not the folder: a build of a first try that took too long may still write into it
  for (const name of readdirSync(cache)) rmSync(join(cache, name), { force: true });
}

/** The last try for which a state folder was cleared. */
const forgotten = new Map<string, string>();
