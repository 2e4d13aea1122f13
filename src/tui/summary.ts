/** The end of a build in a few lines: per platform what ran, what was cached, where time went. */
import { cleanName } from './clean.ts';
import { cutEnd } from './cut.ts';
import { formatDuration } from './duration.ts';
import { type BuildState, elapsedOf, type StepState } from './state/build.ts';
import { matrixOf } from './state/matrix.ts';

/** Lines of at most `columns` characters; failures last. */
export function summaryLines(state: BuildState, columns: number): string[] {
  const { platforms, rows } = matrixOf(state);
  const table = platforms.map((platform, column) =>
    rowOf(
      platform,
      rows.flatMap(({ cells }) => cells[column] ?? []),
    ),
  );
  const lines = table.length > 0 ? align([head, ...table]) : [];
  return [...lines, ...failureLines(state)].map((line) => line.slice(0, Math.max(20, columns)));
}

const head = ['platform', 'ran', 'emulated', 'cached', 'time', 'longest step'];

function rowOf(platform: string, steps: StepState[]): string[] {
  const ran = steps.filter(({ status }) => status === 'done' || status === 'failed');
  const longest = ran.toSorted((a, b) => elapsedOf(b, 0) - elapsedOf(a, 0))[0];
  const total = ran.reduce((sum, step) => sum + elapsedOf(step, 0), 0);
  return [
    platform,
    String(ran.length),
    String(ran.filter(({ kind }) => kind === 'emulated').length),
    String(steps.filter(({ status }) => status === 'cached').length),
    formatDuration(total),
    longest ? describe(longest) : '',
  ];
}

function describe(step: StepState): string {
  const how = step.kind === 'emulated' ? `, emulated by ${step.emulator ?? 'QEMU'}` : '';
  return `${formatDuration(elapsedOf(step, 0))} ${nameOf(step)}${how}`;
}

function failureLines({ steps }: BuildState): string[] {
  return [...steps.values()]
    .filter(({ status }) => status === 'failed')
    .map(
      (step) =>
        `FAILED ${step.label.platform} ${nameOf(step)}: ${cleanName(step.message ?? 'no reason given')}`,
    );
}

function nameOf({ label }: StepState): string {
  const [first = ''] = label.text.split('\n');
  const text = cleanName(first).replaceAll('\t', ' ');
  return `${cleanName(label.step)} ${cutEnd(text, 40)}`;
}

/** Numbers to the right, words to the left, the last column free. */
function align(table: string[][]): string[] {
  const widths = head.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((cell, at) => {
        if (at === row.length - 1) return cell;
        return at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
      })
      .join('  ')
      .trimEnd(),
  );
}
