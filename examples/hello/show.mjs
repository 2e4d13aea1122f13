// Runs every variant of the layout and prints what it said: show.mjs MPKIT LAYOUT METADATA
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [mpkit, layout, metadata] = process.argv.slice(2);
const { 'mpkit.platforms': platforms } = JSON.parse(readFileSync(metadata, 'utf8'));

const rows = platforms.map(({ platform, digest }) => {
  const start = performance.now();
  const image = [`oci-layout://${layout}`];
  const args = ['run', '--platform', platform, '--network', 'none', '--verbose', ...image];
  const result = spawnSync(mpkit, [...args, '--', 'sh', '-c', 'hello >/dev/null && uname -m'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status !== 0) {
    process.stderr.write(result.stderr);
    process.stderr.write(`${platform}: exited with ${result.status}\n`);
    process.exit(1);
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(2);
  const how = /^mpkit: ran (.*)$/m.exec(result.stderr)?.[1] ?? '?';
  return [platform, result.stdout.trim(), how, seconds, digest];
});

const table = [['platform', 'uname -m', 'ran', 'seconds', 'digest'], ...rows];
const widths = table[0].map((_, at) => Math.max(...table.map((row) => row[at].length)));
for (const row of table)
  console.log(
    row
      .map((cell, at) => cell.padEnd(widths[at]))
      .join('  ')
      .trimEnd(),
  );
