/** A benchmark as text of at most 100 columns, complete without colour. Pure. */
import type {
  BenchReport,
  BuildEstimate,
  Recommendation,
  TargetReport,
} from '../../bench/index.ts';
import { cleanName } from '../clean.ts';
import { cutEnd } from '../cut.ts';
import { rangeWord, ratioWord, spreadWord, timeWord } from './numbers.ts';

export function benchTable({ host, samples, targets }: BenchReport): string {
  const [native, ...others] = targets as [TargetReport, ...TargetReport[]];
  const longest = Math.max(1, ...others.flatMap(ratiosIn));
  const head = `${host.platform}, Linux ${cleanName(host.kernel)}, ${host.cpus} CPUs; median of ${samples} turns`;
  const blocks = [
    [`native: time of one round, ± half of the 95 % interval`, ...native.results.map(nativeLine)],
    ...others.map((target) => targetLines(target, longest)),
  ];
  return `${[[head], ...blocks].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

export function recommendationLines(recommendations: readonly Recommendation[]): string {
  const lines = recommendations.flatMap(({ platform, best, digest, cpu, reason }) => [
    `  ${best}: ${reason}`,
    `    mpkit emulator choose ${platform} ${digest.slice(7, 19)} --cpu ${cpu}`,
  ]);
  return `\nrecommended, and what keeps it\n${lines.join('\n')}\n`;
}

export function estimateTable({ steps, seconds, native, worthMoving }: BuildEstimate): string {
  const lines = steps
    .filter((step) => step.seconds !== undefined)
    .map((step) => {
      const time = `${step.seconds!.toFixed(1)} s`.padStart(9);
      const own = step.native ? `${step.native.median.toFixed(1)} s` : '';
      const range = step.measured
        ? '(measured)'
        : step.native
          ? `(${step.native.low.toFixed(1)}–${step.native.high.toFixed(1)})`
          : step.kind;
      return `${time} ${own.padStart(9)} ${range.padEnd(13)} ${cutLine(`${step.name} ${step.text}`, 64)}`;
    });
  const total = `${`${seconds.toFixed(1)} s`.padStart(9)} ${`${native.toFixed(1)} s`.padStart(9)} ${''.padEnd(13)} all steps`;
  const advice = worthMoving
    ? `worth moving to the build platform: ${cutLine(`${worthMoving.name} ${worthMoving.text}`, 62)}\n  saves about ${worthMoving.saved.toFixed(1)} s: put it in a stage \`FROM --platform=$BUILDPLATFORM\` where its output allows`
    : 'no step is worth moving: none was emulated for a time that is known';
  return `\n${[`${'took'.padStart(9)} ${'natively'.padStart(9)}`, ...lines, total, '', advice].join('\n')}\n`;
}

const barWidth = 48;

function targetLines(target: TargetReport, longest: number): string[] {
  const { name, overall, startup, results } = target;
  const lines = results.map((result) => {
    const label = `  ${result.workload.padEnd(14)}`;
    if ('failure' in result) return `${label} failed: ${cutLine(result.failure, 72)}`;
    if (!result.ratio) return `${label} ${timeWord(result.nanoseconds.median)}`;
    return ratioLine(label, result.ratio, longest);
  });
  if (overall) lines.push(ratioLine(`  ${'overall'.padEnd(14)}`, overall, longest));
  if (startup)
    lines.push(
      `  start-up       ${startup.median < 0 ? '' : '+'}${timeWord(startup.median)} (${timeWord(startup.low)} to ${timeWord(startup.high)})`,
    );
  return [`${cutLine(name, 58)}: times slower than native, 95 % interval`, ...lines];
}

function ratioLine(label: string, ratio: NonNullable<TargetReport['overall']>, longest: number) {
  const length = Math.max(1, Math.round((ratio.median / longest) * barWidth));
  return `${label} ${ratioWord(ratio.median).padStart(6)}  ${rangeWord(ratio).padEnd(13)} ${'█'.repeat(length)}`;
}

function nativeLine(result: TargetReport['results'][number]): string {
  const label = `  ${result.workload.padEnd(14)}`;
  if ('failure' in result) return `${label} failed: ${cutLine(result.failure, 72)}`;
  const { nanoseconds } = result;
  return `${label} ${timeWord(nanoseconds.median).padStart(9)}  ${spreadWord(nanoseconds)}`;
}

function ratiosIn({ results }: TargetReport): number[] {
  return results.flatMap((each) => ('ratio' in each && each.ratio ? [each.ratio.median] : []));
}

function cutLine(text: string, width: number): string {
  const [first = ''] = cleanName(text.replaceAll('\n', ' ')).split('\n');
  return cutEnd(first, width);
}
