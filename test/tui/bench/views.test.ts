import { describe, expect, it } from 'vitest';
import { estimateBuild, recommend } from '../../../src/bench/index.ts';
import { run } from '../../../src/process.ts';
import { benchMarkdown, benchMarkdownMore } from '../../../src/tui/bench/markdown.ts';
import { benchSvg } from '../../../src/tui/bench/svg.ts';
import { benchTable, estimateTable } from '../../../src/tui/bench/table.ts';
import { reportOf } from '../../bench/reports.ts';
import { requires } from '../../helpers/requires.ts';

const hostile = `arm64 <&"'> \u001b[31m | ${'x'.repeat(300)}`;
const report = reportOf([
  { name: 'arm64 QEMU 11.1.3', ratio: 4 },
  { name: hostile, ratio: 4000, failing: true },
]);

describe('the table', () => {
  it('has a line for each workload, with bars in proportion', () => {
    const lines = benchTable(
      reportOf([
        { name: 'arm64 QEMU 11.1.3', ratio: 4 },
        { name: 'slow', ratio: 16 },
      ]),
    ).split('\n');
    expect(lines[0]).toBe('linux/amd64, Linux 6.18.0, 2 CPUs; median of 9 turns');
    expect(lines).toContain('  hash             20.0 µs  ±5.00 %');
    const bars = lines.filter((line) => line.startsWith('  hash') && line.includes('×'));
    expect(bars).toEqual([
      `  hash            4.00×  3.80–4.20     ${'█'.repeat(12)}`,
      `  hash            16.0×  15.2–16.8     ${'█'.repeat(48)}`,
    ]);
    expect(lines).toContain('  start-up       +9.00 ms (8.55 ms to 9.45 ms)');
  });

  it('fits 100 columns and lets no control character through', () => {
    const estimate = estimateBuild(
      [
        {
          ...{ name: hostile, step: 's', text: `${hostile}\nmore` },
          ranOn: 'linux/arm64',
          kind: 'emulated',
          seconds: 12_345.6,
        },
      ],
      report.targets,
    );
    const text = benchTable(report) + estimateTable(estimate);
    for (const line of text.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(100);
    expect(text).not.toContain('\u001b');
    expect(text).toContain('failed: went <wrong>');
  });
});

it('Markdown is one table whose cells stay cells', () => {
  const lines = benchMarkdown(report).split('\n');
  const rows = lines.filter((line) => line.startsWith('|'));
  for (const row of rows) expect(row.match(/(?<!\\)\|/g), row).toHaveLength(5);
  expect(rows).toHaveLength(6);
  expect(lines.join('\n')).not.toContain('\u001b');
});

it('Markdown tells what was found beside the numbers, as text', () => {
  const step = { name: 'linux/arm64 2/2', step: '2/2', text: 'RUN make', ranOn: 'linux/arm64' };
  const estimate = estimateBuild([{ ...step, kind: 'emulated', seconds: 10 }], report.targets);
  const text = benchMarkdownMore({ estimate, recommendations: recommend(report.targets) });
  expect(text).toMatch(/^ {4}worth moving to the build platform: linux\/arm64 2\/2 RUN make$/m);
  expect(text).toMatch(/^ {6}.*mpkit emulator choose /m);
  for (const line of text.split('\n')) expect(line).toMatch(/^$|^ {4}/);
  expect(benchMarkdownMore({})).toBe('');
});

describe('the picture', () => {
  const python = requires('python3');
  it.skipIf(!python.ok)(`is well-formed XML whatever the names are${python.why}`, async () => {
    const script =
      'import sys, xml.dom.minidom as m; d = m.parseString(sys.argv[1]); print(len(d.getElementsByTagName("rect")))';
    const { exitCode, stdout, stderr } = await run('python3', ['-c', script, benchSvg(report)]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    // background, two of the legend, two bars for exec and overall, one for hash
    expect(stdout).toBe('8');
  });

  it('has no number that is none', () => expect(benchSvg(report)).not.toMatch(/NaN|Infinity/));
});
