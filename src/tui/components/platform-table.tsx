/** Which platforms run here and how: a table where there is room, else a line for each way. */
import { Box, Text } from 'ink';
import { cleanName } from '../clean.ts';
import { type PlatformRow, platformSummary } from '../state/host-platforms.ts';

export function PlatformTable({ rows, height }: { rows: readonly PlatformRow[]; height: number }) {
  return (
    <Box flexDirection="column" height={height} overflow="hidden">
      <Text bold>platforms, as just tried</Text>
      {rows.map(({ platform, how, detail }) => (
        <Text key={platform} wrap="truncate" color={colours[how]}>
          {`${platform.padEnd(14)} ${how.padEnd(9)} ${cleanName(detail)}`}
        </Text>
      ))}
    </Box>
  );
}

export function PlatformLines({ rows }: { rows: readonly PlatformRow[] }) {
  return platformSummary(rows).map((text) => (
    <Text key={text} wrap="truncate">
      {text}
    </Text>
  ));
}

const colours = { native: 'green', emulated: 'green', 'not here': 'yellow' } as const;
