/** The form, the matrix, the log: one after the other. */
import { Box, Text } from 'ink';
import { cleanName } from '../clean.ts';
import { broken, cutEnd, cutStart } from '../cut.ts';
import type { BuildForm } from '../state/build-form.ts';
import { type BuildRun, type BuildScreen, stepAt } from '../state/build-screen.ts';
import { tailOf } from '../state/log.ts';
import { matrixOf } from '../state/matrix.ts';
import { summaryLines } from '../summary.ts';
import { useTheme } from '../theme.ts';
import { headLine, Legend } from './build-view.tsx';
import { ListView } from './list-view.tsx';
import { LogScreen } from './log-screen.tsx';
import { MatrixView } from './matrix-view.tsx';
import { showLine } from './running-logs.tsx';
import { TextLines } from './text-lines.tsx';
import { transferLines } from './transfer-lines.tsx';

export interface BuildScreenProps {
  state: BuildScreen;
  now: number;
  columns: number;
  rows: number;
}

export function BuildScreenView({ state, now, columns, rows }: BuildScreenProps) {
  const { separator } = useTheme();
  const { form, run } = state;
  if (!run) return <Form form={form} rows={rows} />;
  const logged = run.log && run.build.steps.get(run.log.id);
  if (run.log && logged) return <LogScreen step={logged} view={run.log} rows={rows} />;
  const half = Math.max(3, Math.floor(rows / 2) - 1);
  const steps = matrixOf(run.build).rows.length;
  const below = belowOf(run, {
    ...{ now, columns, separator },
    // half of the rows, and what the matrix does not need: its head, the line above it, the legend
    rows: Math.max(half, rows - 5 - steps),
  });
  const forMatrix = Math.max(3, rows - 3 - below.length);
  return (
    <Box flexDirection="column">
      <Text bold wrap="truncate">
        {headLine(run.build, now)}
        {run.status === 'running' ? '' : `  ${run.status}`}
      </Text>
      <MatrixView {...{ state: run.build, now, columns, rows: forMatrix, cursor: run.cursor }} />
      <Legend state={run.build} />
      <Text> </Text>
      <TextLines lines={below} />
    </Box>
  );
}

function Form({ form, rows }: { form: BuildForm; rows: number }) {
  const { choices: hint } = useTheme();
  return (
    <Box flexDirection="column">
      <Text bold>What to build:</Text>
      <ListView
        items={form.fields.map(({ name, label, value, choices }) => ({
          key: name,
          text: `${label.padEnd(14)} ${cleanName(value) || '-'}${choices.length > 1 ? `   ${hint}` : ''}`,
        }))}
        cursor={form.cursor}
        rows={rows - 1}
        empty=""
      />
    </Box>
  );
}

/**
 * What is being moved, then the chosen cell while it runs; what failed and why, or what came out, at
 * the end.
 */
function belowOf(
  run: BuildRun,
  {
    now,
    columns,
    rows,
    separator,
  }: { now: number; columns: number; rows: number; separator: string },
): string[] {
  const said = whole(run.messages, columns);
  if (run.status === 'done') return [...summaryLines(run.build, columns), ...said].slice(0, rows);
  const moving = transferLines(run.build.transfers, now, rows);
  const step = stepAt(run);
  if (!step) return [...moving, ...said].slice(0, rows);
  const { label, status, message } = step;
  const head = `${label.platform} ${cleanName(label.step)}: ${status}${message ? `: ${cleanName(message)}` : ''}`;
  const heads = headRows(head, columns);
  const room = Math.max(1, rows - heads.length - moving.length);
  const tail = tailOf(step.log, Math.min(room, 10)).map((line) => `${separator} ${showLine(line)}`);
  return [...moving, ...heads, ...tail, ...said].slice(0, rows);
}

/** An error and its remedy are told whole: what is too long goes on in the next row. */
function whole(lines: readonly string[], columns: number): string[] {
  return lines.flatMap((line) => broken(showLine(line), columns));
}

/** Of a long command only as much that its end is seen: how it failed. */
function headRows(head: string, columns: number): string[] {
  const rows = broken(head, columns);
  return rows.length <= 2 ? rows : [cutEnd(head, columns), cutStart(head, columns)];
}
