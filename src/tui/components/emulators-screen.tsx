/** Versions, sources, sizes, and the speed where it was measured. */
import { Box, Text } from 'ink';
import { cleanName } from '../clean.ts';
import { type Emulator, type EmulatorsState, shortDigest } from '../state/emulators.ts';
import { ListView } from './list-view.tsx';

export interface EmulatorsProps {
  state: EmulatorsState;
  rows: number;
  /** How many times slower than native, by digest, of what was measured here. */
  speeds: ReadonlyMap<string, number>;
}

export function EmulatorsScreen({ state, rows, speeds }: EmulatorsProps) {
  return (
    <Box flexDirection="column">
      <Text wrap="truncate" bold>
        {'  '}
        {columns('CPU', 'QEMU', 'size', 'digest', 'slower', 'from')}
      </Text>
      <ListView
        items={state.list.map((each) => ({ key: each.digest, text: lineOf(each, speeds) }))}
        cursor={state.cursor}
        rows={rows - 1}
        empty={state.isLoading ? 'looking ...' : 'no emulators yet: a fetches them'}
      />
    </Box>
  );
}

function lineOf(
  { architecture, version, size, digest, source }: Emulator,
  speeds: ReadonlyMap<string, number>,
): string {
  const speed = speeds.get(digest);
  return columns(
    architecture,
    version,
    `${(size / 1e6).toFixed(1)} MB`,
    shortDigest(digest),
    speed === undefined ? '-' : `${speed.toFixed(1)}x`,
    `${source.kind} ${cleanName(source.from)}`,
  );
}

function columns(cpu: string, version: string, size: string, ...others: [string, string, string]) {
  const [digest, speed, from] = others;
  return `${cpu.padEnd(9)} ${version.padEnd(8)} ${size.padStart(8)}  ${digest.padEnd(12)}  ${speed.padStart(6)}  ${from}`;
}
