/** A benchmark as one Markdown table: for an issue or a README. Pure. */
import type {
  BenchReport,
  BuildEstimate,
  Recommendation,
  TargetReport,
} from '../../bench/index.ts';
import { cleanName } from '../clean.ts';
import { rangeWord, ratioWord, timeWord } from './numbers.ts';
import { estimateTable, recommendationLines } from './table.ts';

export function benchMarkdown({ host, samples, targets }: BenchReport): string {
  const [native, ...others] = targets as [TargetReport, ...TargetReport[]];
  const row = (cells: string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  const rows = native.results.map((result, at) =>
    row([
      result.workload,
      'failure' in result ? 'failed' : timeWord(result.nanoseconds.median),
      ...others.map(({ results }) => ratioCell(results[at]!)),
    ]),
  );
  const overall = others.map((target) =>
    target.overall ? `${ratioWord(target.overall.median)} (${rangeWord(target.overall)})` : '',
  );
  const startup = others.map((target) =>
    target.startup
      ? `${target.startup.median < 0 ? '' : '+'}${timeWord(target.startup.median)}`
      : '',
  );
  return [
    row(['workload', 'native', ...others.map(({ name }) => name)]),
    row(['---', ...targets.map(() => '---:')]),
    ...rows,
    row(['overall', '', ...overall]),
    row(['start-up', '', ...startup]),
    '',
    `Times slower than native (95 % interval), median of ${samples} turns; ${host.platform}, Linux ${cleanName(host.kernel)}, ${host.cpus} CPUs.`,
    '',
  ].join('\n');
}

/** What `--emulators` and `--build` find beside the numbers, as a Markdown block of the same text. */
export function benchMarkdownMore(found: {
  estimate?: BuildEstimate | undefined;
  recommendations?: readonly Recommendation[] | undefined;
}): string {
  const texts = [
    ...(found.estimate ? [estimateTable(found.estimate)] : []),
    ...(found.recommendations ? [recommendationLines(found.recommendations)] : []),
  ];
  return texts.map((text) => `\n${indented(text)}\n`).join('');
}

/** Behind four blanks nothing in it means anything. */
function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`.trimEnd())
    .join('\n');
}

function ratioCell(result: TargetReport['results'][number]): string {
  if ('failure' in result) return 'failed';
  return result.ratio ? `${ratioWord(result.ratio.median)} (${rangeWord(result.ratio)})` : '';
}

function escaped(text: string): string {
  return cleanName(text).replaceAll(/[|\\`<]/g, '\\$&');
}
