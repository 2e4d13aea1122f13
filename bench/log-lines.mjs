// What watching costs: a build whose steps print 100,000 lines on four platforms, shown in each way.
//
//     node bench/log-lines.mjs BASE-LAYOUT [ROUNDS]
//
// BASE-LAYOUT has busybox for the four platforms, as examples/hello/base.sh makes it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const mpkit = join(import.meta.dirname, '../bin/mpkit');
const platforms = 'linux/amd64,linux/386,linux/arm64,linux/riscv64';
const lines = 100_000;
const modes = ['quiet', 'tty', 'plain', 'rawjson'];

const [base, rounds = '5'] = process.argv.slice(2);
if (base === undefined) {
  process.stderr.write('log-lines.mjs: expected `log-lines.mjs BASE-LAYOUT [ROUNDS]`\n');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'mpkit-log-lines-'));
try {
  // in blocks, as programs print into a pipe, and each line by itself, as a shell does
  const shell = `i=0; while [ $i -lt ${lines / 2} ]; do echo "a line of a shell, number $i"; i=$((i+1)); done`;
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM base\nRUN seq 1000000000 ${1_000_000_000 + lines / 2}\nRUN ${shell}\n`,
  );
  // in turn, so that a machine that slows down slows all of them
  const times = new Map(modes.map((mode) => [mode, []]));
  await build('quiet');
  for (let round = 0; round < Number(rounds); round++)
    for (const mode of modes) times.get(mode).push(await build(mode));
  const quiet = medians(times.get('quiet'));
  print('progress', 'seconds', 'to quiet', 'CPU s', 'to quiet');
  for (const [mode, all] of times) {
    const { wall, cpu } = medians(all);
    const ratios = [wall / quiet.wall, cpu / quiet.cpu].map((each) => each.toFixed(2));
    print(mode, wall.toFixed(2), ratios[0], cpu.toFixed(2), ratios[1]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Seconds that passed and seconds of CPU, of which another's work on the machine takes nothing; on a
 * terminal of its own, which `script` reads as fast as it can.
 */
function build(mode) {
  const words = ['build', '--no-cache', '--progress', mode, '--platform', platforms];
  const command = [mpkit, ...words, '--build-context', `base=oci-layout://${base}`, folder];
  const shell = `stty rows 24 columns 80; ${command.join(' ')} && times`;
  const start = performance.now();
  const child = spawn('script', ['-qefc', shell, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let end = '';
  child.stdout.on('data', (bytes) => {
    end = (end + bytes).slice(-1000);
  });
  return new Promise((resolve, reject) =>
    child.once('close', (code) => {
      const wall = (performance.now() - start) / 1000;
      if (code === 0) resolve({ wall, cpu: childrenTimes(end) });
      else reject(new Error(`\`${command.join(' ')}\` exited with ${code}`));
    }),
  );
}

/** The last line of the shell's `times`: `0m1.25s 0m0.50s`, of all that it waited for. */
function childrenTimes(text) {
  const last = text.trim().split(/\r?\n/).at(-1);
  const parts = [...last.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

function medians(all) {
  const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
  return { wall: median(all.map(({ wall }) => wall)), cpu: median(all.map(({ cpu }) => cpu)) };
}

function print(first, ...others) {
  console.log(first.padEnd(10) + others.map((each) => each.padStart(10)).join(''));
}
