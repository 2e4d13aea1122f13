/** What `mpkit build` shows in a terminal while it builds: never higher than the terminal. */
import { Box, Text } from 'ink';
import { cleanName } from '../clean.ts';
import { formatDuration } from '../duration.ts';
import type { BuildState } from '../state/build.ts';
import { matrixOf } from '../state/matrix.ts';
import { useTheme } from '../theme.ts';
import { MatrixView } from './matrix-view.tsx';
import { RunningLogs } from './running-logs.tsx';
import { TextLines } from './text-lines.tsx';
import { transferLines } from './transfer-lines.tsx';

export interface BuildViewProps {
  state: BuildState;
  now: number;
  columns: number;
  rows: number;
}

export function BuildView({ state, now, columns, rows }: BuildViewProps) {
  const moving = transferLines(state.transfers, now, rows);
  // head, notice and legend, and the line on which the cursor rests
  const room = Math.max(4, rows - 4 - moving.length);
  const wanted = matrixOf(state).rows.length + 2;
  const forMatrix = Math.min(wanted, Math.max(3, room - Math.min(8, Math.floor(room / 3))));
  return (
    <Box flexDirection="column">
      <Text bold wrap="truncate">
        {headLine(state, now)}
      </Text>
      {state.platforms.length > 0 ? (
        <MatrixView {...{ state, now, columns, rows: forMatrix }} />
      ) : null}
      <RunningLogs {...{ state, columns }} rows={room - forMatrix} />
      <TextLines lines={moving} />
      <Notice state={state} />
      <Legend state={state} />
    </Box>
  );
}

export function headLine({ steps, startedAt, endedAt }: BuildState, now: number): string {
  const all = [...steps.values()];
  const count = (...wanted: string[]) => all.filter(({ status }) => wanted.includes(status)).length;
  const parts = [
    `${count('done', 'cached')}/${all.length} steps`,
    ...(count('running') > 0 ? [`${count('running')} running`] : []),
    ...(count('cached') > 0 ? [`${count('cached')} cached`] : []),
    ...(count('failed') > 0 ? [`${count('failed')} FAILED`] : []),
  ];
  return `mpkit build  ${formatDuration((endedAt ?? now) - startedAt)}  ${parts.join(', ')}`;
}

function Notice({ state }: { state: BuildState }) {
  const last = state.notices.at(-1);
  return last === undefined ? null : <Text wrap="truncate">=&gt; {cleanName(last)}</Text>;
}

export function Legend({ state }: { state: BuildState }) {
  const { emulated } = useTheme();
  const steps = [...state.steps.values()];
  const marks = [
    ...(steps.some(({ kind }) => kind === 'emulated') ? [`${emulated} emulated`] : []),
    ...(steps.some(({ last }) => last !== undefined) ? ['/ or () last time'] : []),
  ];
  return marks.length === 0 ? null : (
    <Text dimColor wrap="truncate">
      {marks.join('   ')}
    </Text>
  );
}
