/** The frame around every screen: where one is, what can be pressed, what to type instead. */
import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { cleanLine } from '../clean.ts';
import { broken } from '../cut.ts';
import { keyWord } from '../signs.ts';
import { type AppState, screens } from '../state/app.ts';
import { speedsOf } from '../state/bench.ts';
import { commandLine, type Refusal } from '../state/effect.ts';
import { globalKeys, helpKeys, keysOf, plainCommand } from '../state/keys.ts';
import { useTheme } from '../theme.ts';
import { ActionView } from './action-view.tsx';
import { BenchScreen } from './bench-screen.tsx';
import { BuildScreenView } from './build-screen.tsx';
import { EmulatorsScreen } from './emulators-screen.tsx';
import { HelpScreen } from './help-screen.tsx';
import { HostScreen } from './host-screen.tsx';
import { ResultsScreen } from './results-screen.tsx';
import { TextLines } from './text-lines.tsx';

export interface AppViewProps {
  state: AppState;
  now: number;
  columns: number;
  rows: number;
}

/** Nothing can be seen then, so that no key but those that leave may do anything. */
export function isTooSmall({ columns, rows }: { columns: number; rows: number }): boolean {
  return columns < 40 || rows < 12;
}

/** Lines of the frame beside the command: tabs, a blank below and one above it, the keys. */
const frameRows = 5;
const mostCommandRows = 3;

export function AppView({ state, now, columns, rows }: AppViewProps) {
  if (isTooSmall({ columns, rows }))
    return <Text>this window is too small: 40 columns and 12 lines are the least, q quits</Text>;
  const command = `$ ${cleanLine(plainCommand(state), false)}`;
  const commandLines = broken(command, columns).slice(0, mostCommandRows);
  const room = rows - 1 - frameRows - commandLines.length;
  return (
    <Box flexDirection="column" height={rows - 1} width={columns}>
      <Tabs state={state} />
      <Box flexDirection="column" height={room + 1} marginTop={1} overflow="hidden">
        {bodyOf({ state, now, columns, rows: room })}
      </Box>
      <Bottom {...{ state, commandLines }} />
    </Box>
  );
}

function bodyOf({ state, now, columns, rows }: AppViewProps): ReactNode {
  const { question, refusal, action } = state;
  if (question)
    return (
      <Box flexDirection="column">
        <Text bold>This will change something:</Text>
        {question.changes.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity
          <Text key={at}> {cleanLine(line, false)}</Text>
        ))}
        <Text> </Text>
        <Text>$ {cleanLine(commandLine(question.command), false)}</Text>
        <Text> </Text>
        <Text bold>Do it? y yes, n no</Text>
      </Box>
    );
  if (refusal) return <RefusalView {...refusal} />;
  if (action) return <ActionView {...{ action, now, columns, rows }} />;
  if (state.isLeaving)
    return (
      <Text bold>What runs here is stopped when you leave. q leaves, any other key stays</Text>
    );
  if (state.isHelpOpen) return <HelpScreen state={state} />;
  switch (state.screen) {
    case 'host':
      return <HostScreen {...{ state: state.host, columns, rows }} />;
    case 'emulators':
      return <EmulatorsScreen state={state.emulators} rows={rows} speeds={speedsOf(state.bench)} />;
    case 'bench':
      return <BenchScreen {...{ state: state.bench, now, columns, rows }} />;
    case 'build':
      return <BuildScreenView {...{ state: state.build, now, columns, rows }} />;
    case 'results':
      return <ResultsScreen state={state.results} rows={rows} />;
  }
}

function RefusalView({ why, command, asRoot }: Refusal) {
  return (
    <Box flexDirection="column">
      <Text bold>This cannot be done from here:</Text>
      {why.map((line) => (
        <Text key={line}> {cleanLine(line, false)}</Text>
      ))}
      <Text> </Text>
      <Text>
        $ {asRoot ? 'sudo ' : ''}
        {cleanLine(commandLine(command), false)}
      </Text>
      <Text> </Text>
      <Text bold>any key goes back</Text>
    </Box>
  );
}

function Tabs({ state }: { state: AppState }) {
  return (
    <Text wrap="truncate">
      <Text bold>mpkit </Text>
      {screens.map((name, at) => {
        const title = `${at + 1} ${name[0]?.toUpperCase()}${name.slice(1)}`;
        const isHere = name === state.screen;
        return (
          <Text key={name} bold={isHere} inverse={isHere}>
            {isHere ? `[${title}]` : ` ${title} `}
          </Text>
        );
      })}
    </Text>
  );
}

/** The command is broken where the line ends, so that it can be copied whole. */
function Bottom({ state, commandLines }: { state: AppState; commandLines: readonly string[] }) {
  const { prompt } = state;
  const signs = useTheme();
  const height = commandLines.length + 2;
  if (prompt)
    return (
      <Box flexDirection="column" height={height}>
        <Text wrap="truncate-start">
          {prompt.label}: {cleanLine(prompt.value, false)}_
        </Text>
        <Text dimColor>Enter takes it, Esc leaves it, Ctrl-U empties it</Text>
      </Box>
    );
  const isAsking =
    state.isLeaving || (state.question ?? state.refusal ?? state.action) !== undefined;
  const hints = isAsking ? [] : state.isHelpOpen ? helpKeys : [...keysOf(state), ...globalKeys];
  return (
    <Box flexDirection="column" height={height} overflow="hidden">
      <TextLines lines={commandLines} dim />
      <Text>{hints.map(([key, meaning]) => `${keyWord(key, signs)} ${meaning}`).join('  ')}</Text>
    </Box>
  );
}
