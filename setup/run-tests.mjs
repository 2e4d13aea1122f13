/**
 * Runs vitest in a temporary folder of the run's own, and ends with nothing left of it: processes,
 * files, and users that no other run needs. What stays for later runs is told, with the command
 * that takes it away; then the last line counts.
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree, stopProcesses } from './test-leftovers.mjs';
import { enter, leave, shared, whatStays } from './test-machine.mjs';

const folder = mkdtempSync(join(tmpdir(), 'mpkit-'));
chmodSync(folder, 0o1777);
const summary = join(folder, 'summary');
enter();

const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default'];
const child = spawn(
  process.execPath,
  [...vitest, '--reporter=./setup/test-reporter.mjs', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      TMPDIR: folder,
      MPKIT_TEST_RUN: folder,
      MPKIT_TEST_SHARED: shared,
      MPKIT_TEST_SUMMARY: summary,
    },
  },
);

let received = 0;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(name, () => {
    received ||= constants.signals[name];
    // vitest knows no SIGHUP; a terminal tells both of us the others, and twice does no harm
    child.kill(name === 'SIGHUP' ? 'SIGTERM' : name);
  });

child.on('close', async (code, signal) => {
  await stopProcesses(folder);
  const stays = whatStays(folder);
  const counts = existsSync(summary) ? readFileSync(summary, 'utf8') : '0 passed, 1 failed\n';
  removeTree(folder);
  leave();
  process.stdout.write(stays + counts);
  const ended = received || (signal ? constants.signals[signal] : 0);
  process.exitCode = ended ? 128 + ended : code;
});
