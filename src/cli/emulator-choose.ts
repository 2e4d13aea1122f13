/** `mpkit emulator choose`: which emulator and CPU model builds, runs and benchmarks use. */
import {
  chooseEmulator,
  createRunners,
  defaultCpu,
  dropChoices,
  type EmulatorRecord,
  isCpuModel,
  keepChoices,
  keptChoice,
  listEmulators,
  openScratch,
  usedEmulator,
  usedModel,
} from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { hostPlatform } from '../platform.ts';
import {
  type CommandIo,
  emulatedArchitecture,
  parseFlags,
  shortDigest,
  show,
  usage,
} from './emulator-words.ts';

const HELP = `Usage: mpkit emulator choose <CPU|PLATFORM> <VERSION|DIGEST> [--cpu MODEL]
       mpkit emulator choose <CPU|PLATFORM> --default

Builds, runs and benchmarks that name no other emulator use this one for programs of that CPU, also
when a newer one is added. It is tried first, and kept only where it really runs them here. Handlers
of the whole host are not changed: \`mpkit binfmt install --emulator\` chooses for them.

  --cpu MODEL    the CPU that it emulates, as in QEMU_CPU: a model and features that it takes, or
                 \`default\`, which is its own; without, the fastest that programs can rely on
  --default      take the choice back: the newest is used again
`;

export async function choose(argv: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags(argv, {
    cpu: { type: 'string' },
    default: { type: 'boolean' },
  });
  if (values.help) return show(HELP, io);
  const [platform, wanted, ...more] = positionals;
  if (platform === undefined || more.length > 0) throw misused();
  const architecture = emulatedArchitecture(platform);
  if (values.default) {
    if (wanted !== undefined || values.cpu !== undefined) throw misused();
    return await takeBack(architecture, io);
  }
  if (wanted === undefined) throw misused();
  const { cpu } = values;
  if (cpu !== undefined && !isCpuModel(cpu))
    throw usage(`invalid CPU model \`${cpu}\`: expected one as in QEMU_CPU, or default`);
  if (architecture === hostPlatform().architecture) throw notEmulated(architecture);
  const { emulators } = await listEmulators(io.root);
  const emulator = chooseEmulator(emulators, architecture, wanted);
  if (!emulator) throw notStored(architecture, wanted, emulators);
  await tryOut(emulator, cpu, io);
  await keepChoices(io.root, { [architecture]: { digest: emulator.digest, cpu } });
  io.stderr(`chosen for ${architecture}: ${describe(emulator, io.root)}\n`);
  return 0;
}

async function takeBack(architecture: string, io: CommandIo): Promise<number> {
  const dropped = await dropChoices(io.root, (each) => each === architecture);
  const said = dropped.length > 0 ? 'the choice is taken back' : 'nothing was chosen';
  const used = usedEmulator((await listEmulators(io.root)).emulators, architecture, {});
  const next = used ? `the newest is used, ${describe(used, io.root)}` : 'none is stored';
  io.stderr(`${said} for ${architecture}: ${next}\n`);
  return 0;
}

/** Executes the probe by it, in the namespace where builds run. */
async function tryOut(
  emulator: EmulatorRecord,
  cpu: string | undefined,
  { root, signal, stderr }: CommandIo,
): Promise<void> {
  const { architecture, digest } = emulator;
  const scratch = await openScratch(root, signal);
  try {
    const onProgress = (text: string) => stderr(`${text}\n`);
    const runners = createRunners({ root, scratch, offline: true, onProgress, signal });
    const choice = { emulator: digest, cpu: cpu ?? usedModel(emulator, undefined) };
    const { kind } = await runners.get({ os: 'linux', architecture }, choice);
    if (kind === 'native') throw notEmulated(architecture);
  } finally {
    scratch.remove();
  }
}

function describe(emulator: EmulatorRecord, root: string): string {
  const { architecture, version, digest } = emulator;
  const cpu = usedModel(emulator, keptChoice(root, architecture));
  return `QEMU ${version} ${shortDigest(digest)}${cpu === defaultCpu ? '' : ` as CPU ${cpu}`}`;
}

function notStored(
  architecture: string,
  wanted: string,
  emulators: readonly EmulatorRecord[],
): MpkitError {
  const stored = emulators.filter((each) => each.architecture === architecture);
  const found = stored.map(({ version, digest }) => `${version} (${shortDigest(digest)})`);
  return new MpkitError(
    'not-found',
    `no stored emulator of ${architecture} is named by \`${wanted}\`, found ${found.join(', ') || 'none'}`,
    { hint: '`mpkit emulator add PATH` adds another version' },
  );
}

function notEmulated(architecture: string): MpkitError {
  return usage(
    `programs for ${architecture} run natively here, so no emulator can be chosen for them`,
    '`mpkit emulator ls` shows the CPUs that have emulators',
  );
}

function misused(): MpkitError {
  return usage(
    '`choose` takes a CPU and a version or digest, or a CPU and `--default`',
    'for example `mpkit emulator choose arm64 11.1`; `mpkit emulator ls` shows versions and digests',
  );
}
