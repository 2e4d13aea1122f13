/** Finds the verb, loads only its code, and turns the outcome into an exit status. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MpkitError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import { exitCodeOf, reportError } from './report.ts';
import type { Verb } from './verb.ts';

const verbs = new Map<string, { summary: string; load: () => Promise<Verb> }>([
  [
    'build',
    {
      summary: 'build multi-platform OCI images from a Dockerfile',
      load: async () => (await import('./build.ts')).buildVerb,
    },
  ],
  [
    'run',
    {
      summary: 'run one command on a file system of any platform',
      load: async () => (await import('./run.ts')).runVerb,
    },
  ],
  [
    'emulator',
    {
      summary: 'list, add, choose and remove emulators',
      load: async () => (await import('./emulator-verb.ts')).emulatorVerb,
    },
  ],
  [
    'doctor',
    {
      summary: 'say what this host can run and build, and what would improve it',
      load: async () => (await import('./doctor.ts')).doctorVerb,
    },
  ],
  [
    'binfmt',
    {
      summary: 'register emulators for the whole host, show and verify handlers',
      load: async () => (await import('./binfmt.ts')).binfmtVerb,
    },
  ],
  [
    'history',
    {
      summary: 'list what was built here, and what is in it',
      load: async () => (await import('./history.ts')).historyVerb,
    },
  ],
  [
    'bench',
    {
      summary: 'measure what emulation costs here, compare emulators, estimate a build',
      load: async () => (await import('./bench.ts')).benchVerb,
    },
  ],
  [
    'check',
    {
      summary: 'look whether blobs and layers in the state folder are as they were made',
      load: async () => (await import('./check.ts')).checkVerb,
    },
  ],
  [
    'prune',
    {
      summary: 'remove cached steps, layers, records and, with --all, emulators',
      load: async () => (await import('./prune.ts')).pruneVerb,
    },
  ],
]);

watchOutputs();
process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  try {
    if (name === '--version' || name === 'version') return print(`mpkit ${version()}`);
    if (name === undefined) {
      const { canOpenInterface, openInterface } = await import('./tui.ts');
      if (canOpenInterface(process.env)) return await openInterface();
    }
    if (name === undefined || name === '--help' || name === '-h' || name === 'help')
      return print(await help(rest[0]));
    const verb = verbs.get(name);
    if (!verb) throw unknownVerb(name);
    const { execute, help: text, ownHelp } = await verb.load();
    if (wantsHelp(rest) && !ownHelp) return print(text.trimEnd());
    return await execute(rest);
  } catch (error) {
    process.stderr.write(reportError(error));
    return exitCodeOf(error);
  }
}

/** A reader that left is no failure of ours, a full disk behind stdout is. */
function watchOutputs(): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(`mpkit: cannot write to stdout: ${error.code}\n`);
    process.exit(1);
  });
}

/** Only before `--`: what follows belongs to the command. */
function wantsHelp(words: string[]): boolean {
  const end = words.indexOf('--');
  const own = end < 0 ? words : words.slice(0, end);
  return own.includes('--help') || own.includes('-h');
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

async function help(name: string | undefined): Promise<string> {
  const verb = name === undefined ? undefined : verbs.get(name);
  if (name !== undefined && !verb) throw unknownVerb(name);
  if (verb) return (await verb.load()).help.trimEnd();
  const lines = [...verbs].map(([each, { summary }]) => `  mpkit ${each.padEnd(10)} ${summary}`);
  return [
    'usage: mpkit VERB [options]',
    '       mpkit                in a terminal: one interface over everything',
    '',
    ...lines,
    '',
    'mpkit VERB --help tells more. State: --root DIR, MPKIT_ROOT, else',
    '$XDG_DATA_HOME/mpkit (root: /var/lib/mpkit).',
  ].join('\n');
}

function unknownVerb(name: string): MpkitError {
  return new MpkitError('usage', `unknown verb \`${name}\``, {
    hint: `expected one of ${[...verbs.keys()].join(', ')}`,
  });
}

function version(): string {
  const { version: number } = JSON.parse(
    readFileSync(join(packageRoot(), 'package.json'), 'utf8'),
  ) as { version: string };
  return number;
}
