/** A benchmark as a picture: bars with their spread, grouped by workload. Pure. */
import type { BenchReport, Spread, TargetReport } from '../../bench/index.ts';
import { ratioWord } from './numbers.ts';

const [left, right, bar, gap, top] = [130, 90, 14, 12, 60];
const width = 900;
/** Told apart without red and green (Okabe and Ito). */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#999999'];

export function benchSvg({ host, samples, targets }: BenchReport): string {
  const others = targets.filter((target) => target.overall);
  const names = [...(others[0]?.results ?? []).map(({ workload }) => workload), 'overall'];
  const longest = Math.max(
    1,
    ...others.flatMap((each) => names.map((_, at) => spreadAt(each, at)?.high ?? 0)),
  );
  const x = (ratio: number) => (ratio / longest) * (width - left - right);
  const group = others.length * bar + gap;
  const legend = top + others.length * 18;
  const height = legend + names.length * group + 20;
  const parts = [
    text(16, 24, 'Times slower than native', 'font-size="16" font-weight="bold"'),
    text(
      16,
      44,
      `${host.platform}, Linux ${host.kernel}, ${host.cpus} CPUs; median of ${samples} turns, 95 % interval`,
    ),
    ...others.flatMap(({ name }, at) => [
      rectangle({ x: 16, y: top + at * 18 - 10, width: 12, height: 12 }, at),
      text(34, top + at * 18, name),
    ]),
    ...names.flatMap((name, row) => {
      const y = legend + row * group;
      return [
        text(left - 10, y + (others.length * bar) / 2 + 4, name, 'text-anchor="end"'),
        ...others.flatMap((target, at) => bars(spreadAt(target, row), { x, y: y + at * bar, at })),
      ];
    }),
    `<line x1="${number(left + x(1))}" y1="${legend - 6}" x2="${number(left + x(1))}" y2="${height - 16}" stroke="#333" stroke-dasharray="3 3"/>`,
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function bars(
  spread: Spread | undefined,
  { x, y, at }: { x: (ratio: number) => number; y: number; at: number },
): string[] {
  if (!spread) return [text(left + 4, y + 11, 'failed')];
  const middle = y + bar / 2;
  const [low, high] = [left + x(spread.low), left + x(spread.high)].map(number);
  return [
    rectangle({ x: left, y: y + 1, width: x(spread.median), height: bar - 2 }, at),
    `<line x1="${low}" y1="${middle}" x2="${high}" y2="${middle}" stroke="#333"/>`,
    text(Number(high) + 5, y + 11, ratioWord(spread.median)),
  ];
}

function spreadAt({ results, overall }: TargetReport, row: number): Spread | undefined {
  const result = results[row];
  if (!result) return overall;
  return 'failure' in result ? undefined : result.ratio;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function rectangle(box: Box, at: number): string {
  const sizes = Object.entries(box).map(([name, value]) => `${name}="${number(value)}"`);
  return `<rect ${sizes.join(' ')} fill="${colours[at % colours.length]}"/>`;
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${number(x)}" y="${number(y)}"${more && ` ${more}`}>${escaped(content)}</text>`;
}

function number(value: number): string {
  return value.toFixed(1);
}

/** What XML forbids altogether becomes a question mark. */
function escaped(content: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return content
    .replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '?')
    .replaceAll(/[&<>"]/g, (char) => entities[char]!);
}
