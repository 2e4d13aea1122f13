/** `mpkit emulator`: list, add, choose and remove emulators. */
import { cpuOf } from '../binfmt/index.ts';
import { type RemovedEmulator, removeEmulator } from '../emulator/index.ts';
import { parsePlatform } from '../platform.ts';
import { add } from './emulator-add.ts';
import { choose } from './emulator-choose.ts';
import { list } from './emulator-ls.ts';
import {
  type Command,
  type CommandIo,
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

const REMOVE_HELP = `Usage: mpkit emulator rm <ARCHITECTURE|VERSION|DIGEST> ...
       mpkit emulator rm --all

Removes what is named: every emulator of an architecture, of a version (7.2 means every 7.2.x), or
with a digest that starts so (six digits at least). A choice of one of them goes with it.
`;

async function help(_argv: string[], io: CommandIo): Promise<number> {
  io.stdout(OVERVIEW);
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

/** \`aarch64\` and \`linux/arm64\` mean \`arm64\`; versions and digests stay. */
function canonicalName(name: string): string {
  try {
    const { architecture } = parsePlatform(name);
    return cpuOf(architecture) ? architecture : name;
  } catch {
    return name;
  }
}
