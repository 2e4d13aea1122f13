/** `mpkit emulator`: list, add and remove emulators. */
import { parseArgs } from 'node:util';
import { cpuOf, cpus } from '../binfmt/index.ts';
import {
  addFile,
  addFromDebian,
  addFromHost,
  type EmulatorRecord,
  isOffline,
  listEmulators,
  removeEmulator,
  withDownloadFolder,
} from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { parsePlatform } from '../platform.ts';

export interface CommandIo {
  /** The state folder. */
  root: string;
  stdout: (text: string) => void;
  stderr: (text: string) => void;
  signal?: AbortSignal;
}

/** Returns the exit status; throws `MpkitError` for what a user can cause. */
export async function emulatorCommand(argv: string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = argv;
  const command = verbs.get(verb ?? '--help');
  if (command) return await command(rest, io);
  throw usage(`unknown verb \`${verb}\`, expected \`ls\`, \`add\` or \`rm\``);
}

type Command = (argv: string[], io: CommandIo) => Promise<number>;

const verbs = new Map<string, Command>([
  ['ls', list],
  ['add', add],
  ['rm', remove],
  ['--help', help],
  ['-h', help],
]);

const OVERVIEW = `Usage: mpkit emulator VERB

The emulators that mpkit keeps, each for one CPU.

  ls     show them
  add    fetch all from Debian, or add one program of this host
  rm     remove some

\`mpkit emulator VERB --help\` says more.
`;

const LIST_HELP = `Usage: mpkit emulator ls [--json]

Shows architecture, version, source, digest and size of each emulator. The topmost of an
architecture is the one that is used.

  --json    one JSON array, with complete digests
`;

const ADD_HELP = `Usage: mpkit emulator add [PATH…] [options]

With PATH: adds that static QEMU user emulator. Without: fetches the emulators of every CPU from the
newest Debian suite that this host's keyring vouches for, once, with no change to the host; where
that cannot be done, the host's own static emulators are added.

  --platform P       only this one, for example linux/arm64; PATH must emulate it
  --source SOURCE    \`debian\` or \`path\` (what this host has) and no other
  --offline          never ask the network (also MPKIT_OFFLINE=1)
`;

const REMOVE_HELP = `Usage: mpkit emulator rm <ARCHITECTURE|VERSION|DIGEST> …
       mpkit emulator rm --all

Removes what is named: every emulator of an architecture, of a version (7.2 means every 7.2.x), or
with a digest that starts so (six digits at least).
`;

async function help(_argv: string[], io: CommandIo): Promise<number> {
  io.stdout(OVERVIEW);
  return 0;
}

async function list(argv: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parse(argv, { json: { type: 'boolean' } });
  if (values.help) return show(LIST_HELP, io);
  if (positionals.length > 0) throw usage(`\`ls\` takes no argument, found \`${positionals[0]}\``);
  const { emulators, warnings } = await listEmulators(io.root);
  for (const warning of warnings) io.stderr(`warning: ${warning}\n`);
  if (values.json) io.stdout(`${JSON.stringify(emulators, undefined, 2)}\n`);
  else io.stdout(formatTable(emulators));
  if (emulators.length === 0) io.stderr('no emulators yet: `mpkit emulator add` fetches them\n');
  return 0;
}

async function add(argv: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parse(argv, {
    platform: { type: 'string' },
    source: { type: 'string' },
    offline: { type: 'boolean' },
  });
  if (values.help) return show(ADD_HELP, io);
  const architecture = values.platform === undefined ? undefined : emulated(values.platform);
  const { signal } = io;
  if (positionals.length > 0) {
    if (values.source === 'debian') throw usage('`--source debian` takes no path');
    const records: EmulatorRecord[] = [];
    for (const path of positionals)
      records.push(await addFile(io.root, path, { architecture, signal }));
    io.stdout(formatTable(records));
    return 0;
  }
  const records = await addFromBest(values.source, isOffline(values.offline), architecture, io);
  const chosen = records.filter(
    (each) => (architecture ?? each.architecture) === each.architecture,
  );
  if (chosen.length === 0) throw nothingFound(architecture);
  io.stdout(formatTable(chosen.sort((a, b) => (a.architecture < b.architecture ? -1 : 1))));
  return 0;
}

async function remove(argv: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parse(argv, { all: { type: 'boolean' } });
  if (values.help) return show(REMOVE_HELP, io);
  if (Boolean(values.all) === positionals.length > 0)
    throw usage('`rm` takes architectures, versions and digests, or else `--all`');
  const selectors = values.all ? [{ all: true } as const] : positionals.map(canonicalName);
  for (const selector of selectors)
    for (const { digest, architecture, version } of await removeEmulator(io.root, selector))
      io.stderr(`removed ${architecture ?? 'damaged record'} ${version ?? ''} ${short(digest)}\n`);
  return 0;
}

async function addFromBest(
  source: string | undefined,
  offline: boolean,
  architecture: string | undefined,
  io: CommandIo,
): Promise<EmulatorRecord[]> {
  if (source !== undefined && source !== 'debian' && source !== 'path')
    throw usage(`unknown source \`${source}\`, expected \`debian\` or \`path\``);
  if (source === 'debian' && offline) throw usage('`--source debian` needs the network');
  if (source === 'path' || offline) return await addOwn(architecture, io);
  const options = {
    onProgress: (text: string) => io.stderr(`${text}\n`),
    ...(io.signal ? { signal: io.signal } : {}),
  };
  try {
    return await withDownloadFolder(io.root, options, (folder) =>
      addFromDebian(io.root, folder, options),
    );
  } catch (error) {
    if (source === 'debian' || !(error instanceof MpkitError) || error.code !== 'host-unable')
      throw error;
    io.stderr(`warning: ${error.message}; looking for this host's own emulators\n`);
    return await addOwn(architecture, io);
  }
}

async function addOwn(architecture: string | undefined, io: CommandIo): Promise<EmulatorRecord[]> {
  const architectures = architecture ? [architecture] : cpus.map((cpu) => cpu.architecture);
  const { added, refused } = await addFromHost(io.root, architectures, { signal: io.signal });
  for (const line of refused) io.stderr(`warning: ${line}\n`);
  return added;
}

function formatTable(records: readonly EmulatorRecord[]): string {
  if (records.length === 0) return '';
  const rows = [
    ['ARCHITECTURE', 'VERSION', 'SOURCE', 'DIGEST', 'SIZE'],
    ...records.map(({ architecture, version, source, digest, size }) => [
      architecture,
      version,
      `${source.kind}:${source.from}`,
      short(digest),
      `${(size / 1e6).toFixed(1)} MB`,
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => `${row.map((cell, n) => cell.padEnd(widths[n]!)).join('  ')}`.trimEnd())
    .join('\n')
    .concat('\n');
}

/** What \`rm\` accepts: twelve digits name one of a handful without doubt. */
function short(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}

function emulated(platform: string): string {
  const { os, architecture } = parsePlatform(platform);
  if (os === 'linux' && cpuOf(architecture)) return architecture;
  throw usage(`no emulator exists for \`${platform}\``, supported());
}

/** \`aarch64\` and \`linux/arm64\` mean \`arm64\`; versions and digests stay. */
function canonicalName(name: string): string {
  try {
    const { architecture } = parsePlatform(name);
    return cpuOf(architecture) ? architecture : name;
  } catch {
    return name;
  }
}

type OptionSpec = Record<string, { type: 'boolean' | 'string' }>;

function parse<T extends OptionSpec>(args: string[], options: T) {
  try {
    return parseArgs({
      args,
      options: { ...options, help: { type: 'boolean', short: 'h' } as const },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    const [first = ''] = (error as Error).message.split('. ');
    throw usage(first.charAt(0).toLowerCase() + first.slice(1).replaceAll("'", '`'));
  }
}

function show(text: string, io: CommandIo): number {
  io.stdout(text);
  return 0;
}

function nothingFound(architecture: string | undefined): MpkitError {
  return new MpkitError(
    'no-emulator',
    `no static emulator${architecture ? ` of ${architecture}` : ''} was found`,
    {
      hint: '`mpkit emulator add --source debian` fetches them, `mpkit emulator add PATH` adds one',
    },
  );
}

function supported(): string {
  return `emulated are ${cpus.map((cpu) => cpu.architecture).join(', ')}`;
}

function usage(message: string, hint = '`mpkit emulator --help` shows the verbs'): MpkitError {
  return new MpkitError('usage', message, { hint });
}
