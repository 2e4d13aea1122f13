/** A list with a cursor, in as many lines as there are; each line is one item. */
import { Box, Text } from 'ink';

export interface ListItem {
  key: string;
  text: string;
  colour?: string | undefined;
}

export function ListView({
  items,
  cursor,
  rows,
  empty,
}: {
  items: readonly ListItem[];
  cursor: number;
  rows: number;
  empty: string;
}) {
  if (items.length === 0) return <Text dimColor>{empty}</Text>;
  const room = Math.max(1, rows);
  const from = Math.max(0, Math.min(cursor - Math.floor(room / 2), items.length - room));
  return (
    <Box flexDirection="column" height={Math.min(room, items.length)} flexShrink={0}>
      {items.slice(from, from + room).map(({ key, text, colour }, at) => (
        <Text
          key={key}
          wrap="truncate"
          bold={from + at === cursor}
          {...(colour ? { color: colour } : {})}
        >
          {from + at === cursor ? '> ' : '  '}
          {text}
        </Text>
      ))}
    </Box>
  );
}
