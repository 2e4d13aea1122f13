/** `mpkit emulator`: list, add, choose and remove emulators. */
import { cpuOf, cpus } from '../binfmt/index.ts';
import {
  addFile,
  addFromDebian,
  addFromHost,
  type EmulatorRecord,
  isOffline,
  type RemovedEmulator,
  removeEmulator,
  withDownloadFolder,
} from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { parsePlatform } from '../platform.ts';
import { choose } from './emulator-choose.ts';
import { formatRecords, list } from './emulator-ls.ts';
import {
  type Command,
  type CommandIo,
  emulatedArchitecture,
  parseFlags,
  shortDigest,
  show,
  usage,
} from './emulator-words.ts';

/** Returns the exit status; throws `MpkitError` for what a user can cause. */
export async function emulatorCommand(argv: string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = argv;
  const command = verbs.get(verb ?? '--help');
  if (command) return await command(rest, io);
  throw usage(`unknown verb \`${verb}\`, expected \`ls\`, \`add\`, \`choose\` or \`rm\``);
}

const verbs = new Map<string, Command>([
  ['ls', list],
  ['add', add],
  ['choose', choose],
  ['rm', remove],
  ['--help', help],
  ['-h', help],
]);

const OVERVIEW = `Usage: mpkit emulator VERB

The emulators that mpkit keeps, each for one CPU.

  ls       show them, and which ones are used
  add      fetch all from Debian, or add one program of this host
  choose   use another one than the newest for a CPU, or another CPU model
  rm       remove some

\`mpkit emulator VERB --help\` says more.
`;

const ADD_HELP = `Usage: mpkit emulator add [PATH...] [options]

With PATH: adds that static QEMU user emulator. Without: fetches the emulators of every CPU from the
newest Debian suite that this host's keyring vouches for, once, with no change to the host; where
that cannot be done, the host's own static emulators are added.

  --platform P       only this one, for example linux/arm64; PATH must emulate it
  --source SOURCE    \`debian\` or \`path\` (what this host has) and no other
  --offline          never ask the network (also MPKIT_OFFLINE=1)
`;

const REMOVE_HELP = `Usage: mpkit emulator rm <ARCHITECTURE|VERSION|DIGEST> ...
       mpkit emulator rm --all

Removes what is named: every emulator of an architecture, of a version (7.2 means every 7.2.x), or
with a digest that starts so (six digits at least). A choice of one of them goes with it.
`;

async function help(_argv: string[], io: CommandIo): Promise<number> {
  io.stdout(OVERVIEW);
  return 0;
}

async function add(argv: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags(argv, {
    platform: { type: 'string' },
    source: { type: 'string' },
    offline: { type: 'boolean' },
  });
  if (values.help) return show(ADD_HELP, io);
  const architecture =
    values.platform === undefined ? undefined : emulatedArchitecture(values.platform);
  const { signal } = io;
  if (positionals.length > 0) {
    if (values.source === 'debian') throw usage('`--source debian` takes no path');
    const records: EmulatorRecord[] = [];
    for (const path of positionals)
      records.push(await addFile(io.root, path, { architecture, signal }));
    io.stdout(formatRecords(records));
    return 0;
  }
  const records = await addFromBest(values.source, isOffline(values.offline), architecture, io);
  const chosen = records.filter(
    (each) => (architecture ?? each.architecture) === each.architecture,
  );
  if (chosen.length === 0) throw nothingFound(architecture);
  io.stdout(formatRecords(chosen.sort((a, b) => (a.architecture < b.architecture ? -1 : 1))));
  return 0;
}

async function remove(argv: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags(argv, { all: { type: 'boolean' } });
  if (values.help) return show(REMOVE_HELP, io);
  if (Boolean(values.all) === positionals.length > 0)
    throw usage('`rm` takes architectures, versions and digests, or else `--all`');
  const selectors = values.all ? [{ all: true } as const] : positionals.map(canonicalName);
  for (const selector of selectors)
    for (const each of await removeEmulator(io.root, selector)) io.stderr(`${describe(each)}\n`);
  return 0;
}

function describe({ digest, architecture, version, chosenFor }: RemovedEmulator): string {
  const choice = chosenFor.map((each) => `, which was chosen for ${each}`).join('');
  return `removed ${architecture ?? 'damaged record'} ${version ?? ''} ${shortDigest(digest)}${choice}`;
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

/** \`aarch64\` and \`linux/arm64\` mean \`arm64\`; versions and digests stay. */
function canonicalName(name: string): string {
  try {
    const { architecture } = parsePlatform(name);
    return cpuOf(architecture) ? architecture : name;
  } catch {
    return name;
  }
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
