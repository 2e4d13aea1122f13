/** What was built here; of one build, layers, configuration and history of each variant. */
import { Box, Text } from 'ink';
import { cleanName } from '../clean.ts';
import { formatDuration } from '../duration.ts';
import type { BuiltRecord, Image, OpenBuild, ResultsState } from '../state/results.ts';
import { ListView } from './list-view.tsx';
import { TextLines } from './text-lines.tsx';

export function ResultsScreen({ state, rows }: { state: ResultsState; rows: number }) {
  if (state.open) return <Opened open={state.open} rows={rows} />;
  return (
    <Box flexDirection="column">
      <Text bold>What was built here, the newest first:</Text>
      <ListView
        items={state.builds.map((each) => ({
          key: `${each.context} ${each.startedAt}`,
          text: lineOf(each),
          colour: each.status === 'done' ? undefined : 'red',
        }))}
        cursor={state.cursor}
        rows={rows - 1}
        empty={state.isLoading ? 'looking ...' : 'nothing yet: the screen Build builds'}
      />
    </Box>
  );
}

function Opened({ open, rows }: { open: OpenBuild; rows: number }) {
  const image = open.images[open.cursor];
  const room = Math.max(1, rows - 2);
  const lines = image ? describe(image, open) : ['this build gave no image'];
  const from = Math.max(0, Math.min(open.scroll, lines.length - room));
  return (
    <Box flexDirection="column">
      <Text bold wrap="truncate">
        {cleanName(open.context)}
      </Text>
      <Text wrap="truncate">
        {open.images
          .map(({ platform }, at) => (at === open.cursor ? `[${platform}]` : ` ${platform} `))
          .join(' ')}
      </Text>
      <TextLines lines={lines.slice(from, from + room)} />
    </Box>
  );
}

function describe({ digest, layers, config, history }: Image, { outputs }: OpenBuild): string[] {
  const written = outputs.map(
    ({ dest, tar }) =>
      `written to ${dest === '-' ? 'stdout' : cleanName(dest)}${tar ? ' (an archive)' : ''}`,
  );
  if (!layers) return [digest, ...written, 'removed from the state folder since'];
  const settings = Object.entries(config ?? {}).map(
    ([name, value]) =>
      `  ${cleanName(name)}: ${cleanName(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  const steps = (history ?? []).map(
    ({ created_by: by = '', empty_layer: isEmpty }) =>
      `  ${isEmpty ? '     -' : ' layer'}  ${cleanName(by.split('\n')[0] ?? '')}`,
  );
  return [
    digest,
    ...written,
    'layers',
    ...layers.map((each) => `  ${each.digest.slice(0, 19)}  ${size(each.size)}`),
    ...(settings.length > 0 ? ['configuration', ...settings] : []),
    ...(steps.length > 0 ? ['history', ...steps] : []),
  ];
}

function lineOf({ startedAt, status, seconds, context, platforms }: BuiltRecord): string {
  const when = new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ');
  return `${when}  ${status.padEnd(7)} ${formatDuration(seconds * 1000).padStart(6)}  ${cleanName(context)}  ${platforms.join(',')}`;
}

function size(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
