/** Versions, sources, sizes, which one is used and as what; the speed where it was measured. */
import { Box, Text } from 'ink';
import { cleanName } from '../clean.ts';
import { speedKey } from '../state/bench.ts';
import { type Emulator, type EmulatorsState, shortDigest } from '../state/emulators.ts';
import { ListView } from './list-view.tsx';

export interface EmulatorsProps {
  state: EmulatorsState;
  rows: number;
  /** How many times slower than native, by `speedKey`, of what was measured here. */
  speeds: ReadonlyMap<string, number>;
}

export function EmulatorsScreen({ state, rows, speeds }: EmulatorsProps) {
  const here = state.list[state.cursor];
  return (
    <Box flexDirection="column">
      <Text wrap="truncate" bold>
        {'  '}
        {columns('CPU', 'QEMU', 'size', 'digest', 'used', 'slower', 'from')}
      </Text>
      <ListView
        items={state.list.map((each) => ({ key: each.digest, text: lineOf(each, speeds) }))}
        cursor={state.cursor}
        rows={rows - 3}
        empty={state.isLoading ? 'looking ...' : 'no emulators yet: a fetches them'}
      />
      {here && (
        <Box marginTop={1}>
          <Text wrap="truncate">{usageOf(here)}</Text>
        </Box>
      )}
    </Box>
  );
}

function usageOf({ architecture, version, cpu, used, chosen }: Emulator): string {
  const as = cpu === 'default' ? 'its default CPU' : `CPU ${cleanName(cpu)}`;
  if (!used) return `QEMU ${version} is not used; it would run linux/${architecture} as ${as}`;
  const why = chosen ? 'it was chosen' : 'it is the newest';
  return `QEMU ${version} runs linux/${architecture} as ${as}: ${why}`;
}

function lineOf(emulator: Emulator, speeds: ReadonlyMap<string, number>): string {
  const { architecture, version, size, digest, source, used, chosen } = emulator;
  const speed = speeds.get(speedKey(emulator));
  return columns(
    architecture,
    version,
    `${(size / 1e6).toFixed(1)} MB`,
    shortDigest(digest),
    chosen ? 'chosen' : used ? 'newest' : '-',
    speed === undefined ? '-' : `${speed.toFixed(1)}x`,
    `${source.kind} ${cleanName(source.from)}`,
  );
}

type Columns = [
  cpu: string,
  version: string,
  size: string,
  digest: string,
  used: string,
  speed: string,
  from: string,
];

function columns(...[cpu, version, size, digest, used, speed, from]: Columns) {
  const facts = `${cpu.padEnd(9)} ${version.padEnd(8)} ${size.padStart(8)}  ${digest.padEnd(12)}`;
  return `${facts}  ${used.padEnd(6)} ${speed.padStart(6)}  ${from}`;
}
