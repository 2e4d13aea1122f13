/** Steps down, platforms across: what runs, how, and how long it takes. */
import { Box, Text } from 'ink';
import { cleanName } from '../clean.ts';
import { columnsOf, fitColumns } from '../columns.ts';
import { formatDuration } from '../duration.ts';
import type { Signs } from '../signs.ts';
import { type BuildState, elapsedOf, type StepState } from '../state/build.ts';
import { type MatrixRow, matrixOf, visibleRows } from '../state/matrix.ts';
import { statusColours, useTheme } from '../theme.ts';

export interface MatrixProps {
  state: BuildState;
  now: number;
  columns: number;
  /** Lines that the matrix may take, its head included. */
  rows: number;
  /** The chosen cell, where one can be chosen. */
  cursor?: { row: number; column: number } | undefined;
}

const narrowest = 9;
const widest = 16;
const leastName = 12;

export function MatrixView({ state, now, columns, rows, cursor }: MatrixProps) {
  const theme = useTheme();
  const matrix = matrixOf(state);
  const hiddenRows = matrix.rows.length > rows - 2;
  const room = Math.max(1, rows - 2 - (hiddenRows ? 1 : 0));
  const window = cursor
    ? around(cursor.row, matrix.rows.length, room)
    : visibleRows(matrix.rows, room);
  const layout = widths(matrix.platforms.length, columns, matrix.rows);
  const shown = matrix.platforms.slice(0, layout.shown);
  return (
    <Box flexDirection="column">
      <Text wrap="truncate">
        {pad(layout.shown < matrix.platforms.length ? more(matrix.platforms, layout) : '', layout)}
        {shown.map((platform) => (
          <Text key={platform} bold>
            {exactly(shortName(platform), layout.cell)}
          </Text>
        ))}
      </Text>
      <Text wrap="truncate" dimColor>
        {pad('', layout)}
        {shown.map((platform) => exactly(runnerOf(state, platform), layout.cell)).join('')}
      </Text>
      {matrix.rows.slice(window.from, window.to).map((row, at) => (
        <Text key={row.key} wrap="truncate">
          <Text bold={cursor?.row === window.from + at}>
            {pad(
              `${cursor ? (cursor.row === window.from + at ? '> ' : '  ') : ''}${nameOf(row)}`,
              layout,
            )}
          </Text>
          {row.cells.slice(0, layout.shown).map((cell, column) => (
            <CellView
              // biome-ignore lint/suspicious/noArrayIndexKey: columns never change places
              key={column}
              step={cell}
              chosen={cursor?.row === window.from + at && cursor.column === column}
              {...{ now, theme, width: layout.cell }}
            />
          ))}
        </Text>
      ))}
      {hiddenRows ? (
        <Text dimColor>
          steps {window.from + 1}-{window.to} of {matrix.rows.length}
        </Text>
      ) : null}
    </Box>
  );
}

function CellView(props: {
  step: StepState | undefined;
  chosen: boolean;
  now: number;
  theme: Signs;
  width: number;
}) {
  const { step, chosen, now, theme, width } = props;
  if (!step) return <Text>{exactly(chosen ? '[ ]' : '', width)}</Text>;
  const text = cellText(step, { now, theme, width: width - 1 });
  const colour = statusColours[step.status];
  return (
    <Text
      {...(colour ? { color: colour } : {})}
      dimColor={step.status === 'waiting' || step.status === 'cached'}
      inverse={chosen}
    >
      {exactly(chosen ? `[${text}]` : text, width)}
    </Text>
  );
}

/** `✓~2.1s`; of what runs also the last time, where it fits. */
export function cellText(
  step: StepState,
  { now, theme, width }: { now: number; theme: Signs; width: number },
): string {
  const sign = `${theme.status[step.status]}${step.kind === 'emulated' ? theme.emulated : ' '}`;
  if (step.status === 'cached') return `${sign}cached`.slice(0, width);
  if (step.status === 'waiting')
    return step.last === undefined ? sign : `${sign}(${formatDuration(step.last)})`.slice(0, width);
  if (step.status === 'canceled') return `${sign}stopped`.slice(0, width);
  const time = formatDuration(elapsedOf(step, now));
  if (step.last === undefined) return `${sign}${time}`;
  const long = `${sign}${time}/${formatDuration(step.last)}`;
  return long.length <= width ? long : `${sign}${time}`;
}

/** Without the `linux/` that all of them share. */
function shortName(platform: string): string {
  return platform.replace(/^linux\//, '');
}

function runnerOf({ platforms, steps }: BuildState, platform: string): string {
  const ids = platforms.find((each) => each.platform === platform)?.ids ?? [];
  const own = ids.flatMap((id) => steps.get(id) ?? []).filter(({ kind }) => kind !== undefined);
  const emulated = own.find(({ kind }) => kind === 'emulated');
  if (emulated) return emulated.emulator ?? 'emulated';
  return own.length > 0 ? 'native' : '';
}

interface Layout {
  name: number;
  cell: number;
  shown: number;
}

function widths(count: number, columns: number, rows: MatrixRow[]): Layout {
  const shown = Math.max(1, Math.min(count, Math.floor((columns - leastName) / narrowest)));
  const cell = Math.max(
    narrowest,
    Math.min(widest, Math.floor((columns - leastName * 2) / Math.max(1, shown))),
  );
  const longest = Math.max(leastName, ...rows.map((row) => columnsOf(nameOf(row)) + 4));
  return { name: Math.max(leastName, Math.min(longest, columns - shown * cell)), cell, shown };
}

function more(platforms: readonly string[], { shown }: Layout): string {
  return `+${platforms.length - shown} more`;
}

function nameOf({ step, text }: MatrixRow): string {
  return `${cleanName(step)} ${cleanName(text.split('\n')[0] ?? '').replaceAll('\t', ' ')}`;
}

function pad(text: string, { name }: Layout): string {
  return exactly(text, name);
}

/** Exactly `width` columns, the last of them blank. */
function exactly(text: string, width: number): string {
  const shown = fitColumns(text, width - 1);
  return shown + ' '.repeat(width - columnsOf(shown));
}

function around(row: number, count: number, room: number): { from: number; to: number } {
  const from = Math.max(0, Math.min(row - Math.floor(room / 2), count - room));
  return { from, to: Math.min(count, from + room) };
}
