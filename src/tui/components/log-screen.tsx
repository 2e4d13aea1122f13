/** The log of one step, with what is searched for marked. */
import { Box, Text } from 'ink';
import type { StepState } from '../state/build.ts';
import { type LogView, logLines } from '../state/log-view.ts';
import { useTheme } from '../theme.ts';
import { showLine } from './running-logs.tsx';

export function LogScreen({ step, view, rows }: { step: StepState; view: LogView; rows: number }) {
  const lines = logLines(step.log);
  const to = lines.length - view.back;
  const room = Math.max(1, rows - 1);
  const from = Math.max(0, to - room);
  const shown = lines.slice(from, Math.max(to, Math.min(room, lines.length)));
  const gone = step.log.count - step.log.lines.length;
  return (
    <Box flexDirection="column">
      <Text bold wrap="truncate">
        {`${step.label.platform} ${showLine(step.label.step)}, `}
        {`lines ${from + 1 + gone}-${from + shown.length + gone} of ${lines.length + gone}`}
        {view.search ? `, searching ${showLine(view.search)}` : ''}
        {`: ${showLine(step.label.text.split('\n')[0] ?? '')}`}
      </Text>
      {shown.map((line, at) => (
        <Line
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity
          key={at}
          line={showLine(line)}
          search={view.search}
        />
      ))}
      {lines.length === 0 ? <Text dimColor>printed nothing</Text> : null}
    </Box>
  );
}

/** Something stands in front of each line: none reads like a command to whom a record of it is given. */
function Line({ line, search }: { line: string; search: string }) {
  const { separator } = useTheme();
  const at = search === '' ? -1 : line.toLowerCase().indexOf(search.toLowerCase());
  const end = at + search.length;
  return (
    <Text wrap="truncate">
      {at < 0 ? separator : '>'}{' '}
      {at < 0 ? (
        line
      ) : (
        <>
          {line.slice(0, at)}
          <Text inverse>{line.slice(at, end)}</Text>
          {line.slice(end)}
        </>
      )}
    </Text>
  );
}
