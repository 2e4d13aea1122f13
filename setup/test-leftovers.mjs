import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ends what a run of tests started and did not wait for, known by the folder in its environment. */
export async function stopProcesses(folder) {
  for (let round = 0; round < 50; round++) {
    const pids = processesOf(folder);
    if (pids.length === 0) return;
    for (const pid of pids) end(pid, round < 20 ? 'SIGTERM' : 'SIGKILL');
    await sleep(100);
  }
}

/** What subordinate ids own, only a namespace with those ids can remove. */
export function removeTree(folder) {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  } catch (error) {
    const { status } = spawnSync('unshare', ['-Ur', '--map-auto', 'rm', '-rf', folder]);
    if (status !== 0) console.error(`cannot remove \`${folder}\`: ${error.message}`);
  }
}

function processesOf(folder) {
  const mark = `MPKIT_TEST_RUN=${folder}\0`;
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid).includes(mark));
}

function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // it has ended, or is not ours
    return '';
  }
}

function end(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // it was faster
  }
}
