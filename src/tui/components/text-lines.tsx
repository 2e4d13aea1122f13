/** Lines that are what they are: each in one row, cut where it is too long. */
import { Box, Text } from 'ink';

export function TextLines({ lines, dim = false }: { lines: readonly string[]; dim?: boolean }) {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity
        <Text key={at} dimColor={dim} wrap="truncate">
          {line}
        </Text>
      ))}
    </Box>
  );
}
