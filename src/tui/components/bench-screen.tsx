/** What to measure, then bars against native that move while it is measured. */
import { Box, Text } from 'ink';
import type { BenchReport, Spread } from '../../bench/index.ts';
import { courseText } from '../bench/course-text.ts';
import { cleanName } from '../clean.ts';
import { type BenchChoice, type BenchRun, type BenchState, ratioOf } from '../state/bench.ts';
import { shownTransfers } from '../state/transfers.ts';
import { useTheme } from '../theme.ts';
import { transferText } from '../transfer-text.ts';
import { ListView } from './list-view.tsx';

export interface BenchProps {
  state: BenchState;
  now: number;
  columns: number;
  rows: number;
}

export function BenchScreen({ state, now, columns, rows }: BenchProps) {
  const forRun = Math.max(4, Math.floor(rows / 2));
  return (
    <Box flexDirection="column">
      <Text bold>How many times slower than this CPU itself? Pick what is measured:</Text>
      <ListView
        items={state.choices.map((each) => ({ key: nameOf(each), text: choiceText(each) }))}
        cursor={state.cursor}
        rows={rows - 2 - forRun}
        empty="no emulators yet: the screen Emulators adds them"
      />
      {state.run ? (
        <Run {...{ run: state.run, now, columns, rows: forRun }} />
      ) : (
        <History reports={state.history} rows={forRun - 2} />
      )}
    </Box>
  );
}

function Run({ run, now, columns, rows }: Omit<BenchProps, 'state'> & { run: BenchRun }) {
  const { bar } = useTheme();
  const targets = run.targets.filter((name) => name !== 'native');
  const ratios = targets.map((name) => finalRatio(run, name) ?? ratioOf(run, name));
  const most = Math.max(1, ...ratios.map((each) => each ?? 1));
  const room = Math.max(5, columns - 44);
  const shown = targets.slice(0, Math.max(1, rows - 3));
  return (
    <Box flexDirection="column" marginTop={1}>
      <Text bold wrap="truncate">
        {stateOf(run, now)}
      </Text>
      {[['native', 1] as const, ...shown.map((name, at) => [name, ratios[at]] as const)].map(
        ([name, ratio]) => (
          <Text key={name} wrap="truncate">
            {`${cleanName(name).slice(0, 30).padEnd(31)} ${ratio === undefined ? '' : `${ratio.toFixed(1)}x`.padStart(7)} `}
            <Text color={name === 'native' ? 'green' : 'cyan'}>
              {bar.repeat(ratio === undefined ? 0 : Math.max(1, Math.round((ratio / most) * room)))}
            </Text>
          </Text>
        ),
      )}
      {run.messages.slice(-1).map((text) => (
        <Text key={text} wrap="truncate">
          {cleanName(text)}
        </Text>
      ))}
    </Box>
  );
}

function History({ reports, rows }: { reports: readonly BenchReport[]; rows: number }) {
  const lines = reports.flatMap(({ measured, targets }) =>
    targets.flatMap(({ name, overall }) =>
      overall ? [`${measured.slice(0, 16).replace('T', ' ')}  ${ratioText(name, overall)}`] : [],
    ),
  );
  return (
    <Box flexDirection="column" marginTop={1}>
      <Text bold>measured here before</Text>
      {lines.length === 0 ? <Text dimColor>nothing yet</Text> : null}
      {lines.slice(0, Math.max(1, rows)).map((line) => (
        <Text key={line} wrap="truncate">
          {line}
        </Text>
      ))}
    </Box>
  );
}

function ratioText(name: string, { median, low, high }: Spread): string {
  const range = `${low.toFixed(2)}-${high.toFixed(2)}`;
  return `${cleanName(name).slice(0, 34).padEnd(35)} ${median.toFixed(2).padStart(6)}x  ${range}`;
}

function finalRatio({ report }: BenchRun, name: string): number | undefined {
  return report?.targets.find((each) => each.name === name)?.overall?.median;
}

function stateOf({ status, course, transfers, report }: BenchRun, now: number): string {
  if (status === 'running') {
    const [moving] = shownTransfers(transfers, now);
    if (moving) return transferText(moving, now);
    return course ? courseText(course, now) : 'preparing ...';
  }
  if (status === 'failed') return 'stopped before its end';
  return `measured ${report?.targets.length ?? 0} targets, ${report?.samples ?? 0} turns each`;
}

function choiceText(choice: BenchChoice): string {
  return `${choice.picked ? '[x]' : '[ ]'} ${nameOf(choice)}`;
}

function nameOf({ platform, emulator }: BenchChoice): string {
  return emulator === undefined ? platform : `${platform} by QEMU ${emulator}`;
}
