/** A command that was confirmed: what it says, and how far it is. */
import { Box, Text } from 'ink';
import { courseText } from '../bench/course-text.ts';
import { cleanLine } from '../clean.ts';
import { broken } from '../cut.ts';
import type { Action } from '../state/action.ts';
import { commandLine } from '../state/effect.ts';
import { TextLines } from './text-lines.tsx';
import { transferLines } from './transfer-lines.tsx';

export interface ActionProps {
  action: Action;
  now: number;
  columns: number;
  rows: number;
}

export function ActionView({ action, now, columns, rows }: ActionProps) {
  const progress = progressOf(action, now, rows);
  return (
    <Box flexDirection="column">
      <Text bold wrap="truncate">
        $ {cleanLine(commandLine(action.command), false)}
      </Text>
      <TextLines
        lines={[...lastRows(action.lines, columns, rows - 2 - progress.length), ...progress]}
      />
      <Text bold>{endOf(action.code)}</Text>
    </Box>
  );
}

function progressOf({ transfers, course, code }: Action, now: number, rows: number): string[] {
  if (code !== undefined) return [];
  return [
    ...transferLines(transfers, now, rows),
    ...(course ? [`=> ${courseText(course, now)}`] : []),
  ];
}

/** An error is told whole: what is too long goes on in the next row. */
function lastRows(lines: readonly string[], columns: number, rows: number): string[] {
  const room = Math.max(1, rows);
  const shown = lines.slice(-room).map((line) => cleanLine(line, false).replaceAll('\t', '  '));
  return shown.flatMap((line) => broken(line, columns)).slice(-room);
}

function endOf(code: number | undefined): string {
  if (code === undefined) return 'running ... (x stops it)';
  return code === 0 ? 'done; any key goes on' : `FAILED with status ${code}; any key goes on`;
}
