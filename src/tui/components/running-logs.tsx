/** The last lines of what runs now, newest steps first, in as many lines as there are. */
import { Box, Text } from 'ink';
import { cleanLine } from '../clean.ts';
import { shortened } from '../columns.ts';
import type { BuildState, StepState } from '../state/build.ts';
import { tailOf } from '../state/log.ts';
import { useTheme } from '../theme.ts';
import { TextLines } from './text-lines.tsx';

export function RunningLogs(props: { state: BuildState; columns: number; rows: number }) {
  const { state, columns, rows } = props;
  const { separator } = useTheme();
  const running = [...state.steps.values()].filter(
    ({ status, log }) => status === 'running' && (log.count > 0 || log.partial !== ''),
  );
  const shown = running.slice(0, Math.max(1, Math.floor(rows / 2)));
  const each = Math.min(4, Math.floor(rows / Math.max(1, shown.length)) - 1);
  if (each < 1) return null;
  return (
    <Box flexDirection="column">
      {shown.map((step) => (
        <Box key={step.label.id} flexDirection="column">
          <Text wrap="truncate" dimColor>
            {headOf(step)}
          </Text>
          <TextLines
            lines={tailOf(step.log, each).map((line) =>
              shortened(`${separator} ${showLine(line)}`, columns),
            )}
          />
        </Box>
      ))}
    </Box>
  );
}

/** Harmless, and as wide as it looks. */
export function showLine(line: string): string {
  return cleanLine(line, false).replaceAll('\t', '  ');
}

function headOf({ label, log }: StepState): string {
  return `${label.platform} ${label.step}, ${log.count} lines`;
}
