/** `mpkit emulator add`: emulators into the store, fetched or from this host. */
import { cpus } from '../binfmt/index.ts';
import {
  addFile,
  addFromDebian,
  addFromHost,
  type EmulatorRecord,
  isOffline,
  withDownloadFolder,
} from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { formatRecords } from './emulator-ls.ts';
import { type CommandIo, emulatedArchitecture, parseFlags, show, usage } from './emulator-words.ts';
import { type FetchProgress, openFetchProgress, readFetchProgress } from './fetch-progress.ts';

const HELP = `Usage: mpkit emulator add [PATH...] [options]

With PATH: adds that static QEMU user emulator. Without: fetches the emulators of every CPU from the
newest Debian suite that this host's keyring vouches for, once, with no change to the host; where
that cannot be done, the host's own static emulators are added.

  --platform P       only this one, for example linux/arm64; PATH must emulate it
  --source SOURCE    \`debian\` or \`path\` (what this host has) and no other
  --offline          never ask the network (also MPKIT_OFFLINE=1)
  --progress auto|rawjson|quiet
                     on stderr: text, an event a line as JSON, or nothing
`;

export async function add(argv: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags(argv, {
    platform: { type: 'string' },
    source: { type: 'string' },
    offline: { type: 'boolean' },
    progress: { type: 'string' },
  });
  if (values.help) return show(HELP, io);
  const architecture =
    values.platform === undefined ? undefined : emulatedArchitecture(values.platform);
  const mode = readFetchProgress(values.progress);
  const { signal } = io;
  if (positionals.length > 0) {
    if (values.source === 'debian') throw usage('`--source debian` takes no path');
    const records: EmulatorRecord[] = [];
    for (const path of positionals)
      records.push(await addFile(io.root, path, { architecture, signal }));
    io.stdout(formatRecords(records));
    return 0;
  }
  const progress = openFetchProgress(mode, { ...io.terminal, write: io.stderr });
  const records = await addFromBest(values.source, isOffline(values.offline), {
    ...{ architecture, io, progress },
  }).finally(progress.close);
  const chosen = records.filter(
    (each) => (architecture ?? each.architecture) === each.architecture,
  );
  if (chosen.length === 0) throw nothingFound(architecture);
  io.stdout(formatRecords(chosen.sort((a, b) => (a.architecture < b.architecture ? -1 : 1))));
  return 0;
}

interface Adding {
  architecture: string | undefined;
  io: CommandIo;
  progress: FetchProgress;
}

async function addFromBest(
  source: string | undefined,
  offline: boolean,
  adding: Adding,
): Promise<EmulatorRecord[]> {
  if (source !== undefined && source !== 'debian' && source !== 'path')
    throw usage(`unknown source \`${source}\`, expected \`debian\` or \`path\``);
  if (source === 'debian' && offline) throw usage('`--source debian` needs the network');
  if (source === 'path' || offline) return await addOwn(adding);
  const { io, progress } = adding;
  const { onProgress, onTransfer } = progress;
  const options = { onProgress, onTransfer, signal: io.signal };
  try {
    return await withDownloadFolder(io.root, options, (folder) =>
      addFromDebian(io.root, folder, options),
    );
  } catch (error) {
    if (source === 'debian' || !(error instanceof MpkitError) || error.code !== 'host-unable')
      throw error;
    progress.warn(`${error.message}; looking for this host's own emulators`);
    return await addOwn(adding);
  }
}

async function addOwn({ architecture, io, progress }: Adding): Promise<EmulatorRecord[]> {
  const architectures = architecture ? [architecture] : cpus.map((cpu) => cpu.architecture);
  const { added, refused } = await addFromHost(io.root, architectures, { signal: io.signal });
  refused.forEach(progress.warn);
  return added;
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
