/** The platforms that run here; findings with their remedies, then the handlers; the chosen one in full. */
import { Box, Text } from 'ink';
import { cleanName } from '../clean.ts';
import { type HostItem, type HostState, hostItems } from '../state/host.ts';
import { platformRows, platformSummary } from '../state/host-platforms.ts';
import { type ListItem, ListView } from './list-view.tsx';
import { PlatformLines, PlatformTable } from './platform-table.tsx';

const detailRows = 4;
const forRoot = 'only root may change them: `sudo mpkit binfmt install all`';

/** From here on the platforms stand beside the list. */
const wide = 120;
const tableColumns = 56;

export function HostScreen({
  state,
  columns,
  rows,
}: {
  state: HostState;
  columns: number;
  rows: number;
}) {
  const platforms = state.platforms ? platformRows(state.platforms) : [];
  const isWide = columns >= wide && platforms.length > 0;
  // a low window keeps a few lines for the list
  const above = isWide || rows < 16 ? [] : platforms;
  const room = rows - 1 - platformSummary(above).length;
  const list = <HostList state={state} rows={room} />;
  return (
    <Box flexDirection="column">
      <Text wrap="truncate" bold>
        {state.tier ? `${state.tier.name}: ${state.tier.why}` : 'looking at this host ...'}
        {state.isLoading && state.tier ? ' (looking again)' : ''}
      </Text>
      <PlatformLines rows={above} />
      {isWide ? (
        <Box>
          <Box width={tableColumns} flexShrink={0} marginRight={2}>
            <PlatformTable rows={platforms} height={room} />
          </Box>
          <Box width={columns - tableColumns - 2}>{list}</Box>
        </Box>
      ) : (
        list
      )}
    </Box>
  );
}

function HostList({ state, rows }: { state: HostState; rows: number }) {
  const items = hostItems(state);
  const chosen = items[state.cursor];
  const remarks = [...state.remarks.slice(0, 2), ...(state.isRoot ? [] : [forRoot])];
  return (
    <Box flexDirection="column">
      <ListView
        items={items.map(listItem)}
        cursor={state.cursor}
        rows={rows - 1 - detailRows - remarks.length}
        empty={state.isLoading ? '' : 'nothing to remark, and no handlers'}
      />
      {remarks.map((text) => (
        <Text key={text} wrap="truncate" dimColor>
          handlers: {cleanName(text)}
        </Text>
      ))}
      <Box marginTop={1} flexDirection="column" height={detailRows} overflow="hidden">
        {chosen
          ? detailOf(chosen).map((text) => (
              <Text key={text} wrap="wrap">
                {cleanName(text)}
              </Text>
            ))
          : null}
      </Box>
    </Box>
  );
}

const colours = new Map([
  ['problem', 'red'],
  ['warning', 'yellow'],
  ['cannot tell', 'yellow'],
  ['ok', 'green'],
]);

function listItem(item: HostItem): ListItem {
  if (item.kind === 'handler') {
    const { name, facts, works } = item.handler;
    const text = `handler  ${cleanName(`${name}: ${facts}`)}`;
    return { key: `handler ${name}`, text, colour: works ? 'green' : 'red' };
  }
  const { id, subject, result, observed } = item.finding;
  const what = subject === undefined ? id : `${id} ${subject}`;
  return {
    key: `finding ${what} ${observed}`,
    text: `${result.padEnd(8)} ${cleanName(`${what}: ${observed}`)}`,
    colour: colours.get(result),
  };
}

function detailOf(item: HostItem): string[] {
  if (item.kind === 'finding') {
    const { observed, remedy } = item.finding;
    return [observed, ...(remedy === undefined ? [] : [`remedy: ${remedy}`])];
  }
  const { name, facts, findings } = item.handler;
  return [`${name}: ${facts}`, ...findings];
}
