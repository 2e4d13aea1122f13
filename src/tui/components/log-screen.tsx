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
        {view.left ? `, from column ${view.left + 1}` : ''}
        {view.search ? `, searching ${showLine(view.search)}` : ''}
        {`: ${showLine(step.label.text.split('\n')[0] ?? '')}`}
      </Text>
      {shown.map((line, at) => (
        <Line
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity
          key={at}
          line={showLine(line)}
          search={view.search}
          left={view.left ?? 0}
        />
      ))}
      {lines.length === 0 ? <Text dimColor>printed nothing</Text> : null}
    </Box>
  );
}

/** Something stands in front of each line: none reads like a command to whom a record of it is given. */
function Line({ line, search, left }: { line: string; search: string; left: number }) {
  const { separator } = useTheme();
  const find = (text: string) =>
    search === '' ? -1 : text.toLowerCase().indexOf(search.toLowerCase());
  const shown = left === 0 ? line : [...line].slice(left).join('');
  const at = find(shown);
  const end = at + search.length;
  return (
    <Text wrap="truncate">
      {find(line) < 0 ? separator : '>'}{' '}
      {at < 0 ? (
        shown
      ) : (
        <>
          {shown.slice(0, at)}
          <Text inverse>{shown.slice(at, end)}</Text>
          {shown.slice(end)}
        </>
      )}
    </Text>
  );
}
