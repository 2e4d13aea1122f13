/** `mpkit doctor`: what this host can do, tried for real, and what would improve it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import {
  type Examination,
  examine,
  type Fix,
  fixesFor,
  type HostFacts,
  liveHost,
  tryEverything,
  tryInside,
} from '../doctor/index.ts';
import { isInside } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { packageRoot, stateRoot } from '../paths.ts';
import { printedJson } from '../printed-json.ts';
import { examinationText } from './doctor-text.ts';
import { parseWords, stopOnSignals, type Verb } from './verb.ts';

export const doctorVerb: Verb = {
  help: `usage: mpkit doctor [options]

Says whether this machine can run and build for other CPUs, if not why, and what to type. Everything
is tried: a namespace is made, ids are mapped, a program of each CPU is executed. The host is not
changed, the network not used; only the state folder is made where it is missing.

  --json        everything as one JSON object
  --all         also the checks that found nothing to say
  --thorough    also what takes seconds: durable writes
  --fix         lists what can be done without surprises, does it, and looks again: emulators are
                fetched; as root: subordinate ids for the user behind sudo, binfmt_misc mounted where
                builds need it. Nothing is installed and nothing needs a reboot
  --root DIR    state folder

exit status: 0 all is well enough, 1 with problems, 3 when nothing can be emulated here
`,
  execute,
};

const flags = {
  json: { type: 'boolean' },
  all: { type: 'boolean' },
  thorough: { type: 'boolean' },
  fix: { type: 'boolean' },
  root: { type: 'string' },
} as const;

async function execute(words: string[]): Promise<number> {
  const { values, positionals } = parseWords('doctor', words, flags);
  if (positionals.length > 0)
    throw new MpkitError('usage', `\`doctor\` takes no argument, found \`${positionals[0]}\``);
  const root = stateRoot(values.root);
  if (isInside()) {
    const stop = stopOnSignals();
    const trials = await tryInside(root, values.thorough ?? false, stop.signal);
    const code = stop.code();
    if (code === undefined) process.stdout.write(printedJson(trials));
    return code ?? 0;
  }
  const argv = ['doctor', ...(values.thorough ? ['--thorough'] : [])];
  let seen = await look(root, argv);
  if (typeof seen !== 'number' && values.fix && carryOut(fixesFor(...seen), root))
    seen = await look(root, argv);
  if (typeof seen === 'number') return seen;
  const [host, { exitCode, ...report }] = seen;
  process.stdout.write(
    values.json
      ? `${printedJson({ version: 1, ...report, exitCode, trials: host.trials }, undefined, 2)}\n`
      : examinationText(seen[1], { all: values.all ?? false }),
  );
  return exitCode;
}

/** The exit status where a signal ended it: what was found out by then would be wrong. */
async function look(root: string, argv: string[]): Promise<[HostFacts, Examination] | number> {
  const stop = stopOnSignals();
  try {
    const host = liveHost(root, await tryEverything(root, argv));
    return stop.code() ?? [host, examine(host)];
  } finally {
    stop.release();
  }
}

/** True where anything was done. */
function carryOut(fixes: Fix[], root: string): boolean {
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  if (fixes.length === 0) say('nothing that `--fix` may do would improve this host');
  for (const { command, why } of fixes) say(`to do: \`${command.join(' ')}\` (${why})`);
  for (const { command } of fixes) {
    const [program, ...args] = command as [string, ...string[]];
    const own = program === 'mpkit';
    const start = own ? join(packageRoot(), 'bin/mpkit') : program;
    say(`doing \`${command.join(' ')}\``);
    const { status, error } = spawnSync(start, args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, MPKIT_ROOT: root },
    });
    if (status !== 0) say(`failed: ${error?.message ?? `exit status ${status}`}`);
  }
  return fixes.length > 0;
}
