/** `mpkit emulator ls`: what is stored, and which of it is used. */
import {
  type EmulatorRecord,
  isNative,
  type KeptChoices,
  keptChoices,
  listEmulators,
  usedEmulator,
  usedModel,
} from '../emulator/index.ts';
import { printedJson } from '../printed-json.ts';
import {
  type CommandIo,
  formatRows,
  parseFlags,
  shortDigest,
  show,
  usage,
} from './emulator-words.ts';

const HELP = `Usage: mpkit emulator ls [--json]

Shows architecture, version, source, digest and size of each emulator, the CPU model it runs as, and
which one is used: the newest of its architecture, or the one that was chosen.

  --json    one JSON array, with complete digests; \`used\` and \`chosen\` are true or false
`;

export interface ListedEmulator extends EmulatorRecord {
  /** For QEMU_CPU; `default` is the emulator's own. */
  cpu: string;
  /** By builds, runs and benchmarks that name no other. */
  used: boolean;
  /** By `emulator choose` or `bench --emulators --keep`. */
  chosen: boolean;
}

export async function list(argv: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags(argv, { json: { type: 'boolean' } });
  if (values.help) return show(HELP, io);
  if (positionals.length > 0) throw usage(`\`ls\` takes no argument, found \`${positionals[0]}\``);
  const { emulators, warnings } = await listEmulators(io.root);
  for (const warning of warnings) io.stderr(`warning: ${warning}\n`);
  const listed = listedOf(emulators, keptChoices(io.root));
  if (values.json) io.stdout(`${printedJson(listed, undefined, 2)}\n`);
  else io.stdout(formatList(listed));
  if (emulators.length === 0) io.stderr('no emulators yet: `mpkit emulator add` fetches them\n');
  return 0;
}

function listedOf(emulators: readonly EmulatorRecord[], choices: KeptChoices): ListedEmulator[] {
  return emulators.map((each) => {
    const { architecture, digest } = each;
    const chosen = choices[architecture]?.digest === digest;
    const isNeeded = !isNative({ os: 'linux', architecture });
    const used = isNeeded && usedEmulator(emulators, architecture, choices)?.digest === digest;
    return { ...each, cpu: usedModel(each, choices[architecture]), used: used || chosen, chosen };
  });
}

function formatList(listed: readonly ListedEmulator[]): string {
  if (listed.length === 0) return '';
  return formatRows([
    ['ARCHITECTURE', 'VERSION', 'SOURCE', 'DIGEST', 'SIZE', 'CPU', 'USED'],
    ...listed.map((each) => [
      ...recordRow(each),
      each.cpu,
      each.chosen ? 'chosen' : each.used ? 'newest' : '-',
    ]),
  ]);
}

/** The facts of the store alone. */
export function formatRecords(records: readonly EmulatorRecord[]): string {
  if (records.length === 0) return '';
  return formatRows([
    ['ARCHITECTURE', 'VERSION', 'SOURCE', 'DIGEST', 'SIZE'],
    ...records.map(recordRow),
  ]);
}

function recordRow({ architecture, version, source, digest, size }: EmulatorRecord): string[] {
  const megabytes = `${(size / 1e6).toFixed(1)} MB`;
  return [architecture, version, `${source.kind}:${source.from}`, shortDigest(digest), megabytes];
}
