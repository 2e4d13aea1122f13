/** `mpkit binfmt install`. */
import {
  assumption,
  installHandlers,
  isPersistent,
  isPlaced,
  type Kept,
  listHandlers,
  needsRoot,
  persist,
  persistedInterpreters,
  persistedNames,
  prepareInstance,
  removeUnused,
  replayBoot,
  requireBootWay,
  thisHost,
} from '../binfmt/index.ts';
import { hostLock, withLock } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { stateRoot } from '../paths.ts';
import { emulatorSource } from './binfmt-emulators.ts';
import { type Boot, formatInstall } from './binfmt-install-table.ts';
import { formatJson } from './binfmt-json.ts';
import { architecturesOf } from './binfmt-targets.ts';
import { parseWords, type Verb } from './verb.ts';

export const installVerb: Verb = {
  help: `Usage: mpkit binfmt install <all | ARCH | PLATFORM>... [options]

Registers static emulators for every program of this host, in containers too (flag F), and executes
a probe of each CPU, also from inside an empty root folder, before it says that it works. Needs
root. A handler of somebody else that works is left as it is.

  --emulator VERSION|PATH  this one and no other; a path may be given for several CPUs
  --persist                also after the next boot
  --replace                put mpkit's in the place of other handlers, or of older ones
  --credentials            setuid programs keep their rights (flag C). Whoever may start one can
                           then make the emulator, as its owner, write files (QEMU_LOG_FILENAME)
  --no-preserve-argv0      without flag P
  --root DIR               the state folder with the emulators
  --json                   a report for programs
`,
  execute: async (words) => {
    const { values, positionals } = parseWords('binfmt install', words, {
      emulator: { type: 'string', multiple: true },
      persist: { type: 'boolean' },
      replace: { type: 'boolean' },
      credentials: { type: 'boolean' },
      'preserve-argv0': { type: 'boolean' },
      'no-preserve-argv0': { type: 'boolean' },
      root: { type: 'string' },
      json: { type: 'boolean' },
    });
    const architectures = architecturesOf(positionals);
    if (architectures.length === 0)
      throw new MpkitError('usage', '`install` needs `all` or architectures', {
        hint: 'for example `mpkit binfmt install all`',
      });
    if (process.geteuid?.() !== 0) throw needsRoot();
    if (values.persist) requireBootWay(thisHost);
    if (values.credentials)
      note(
        'warning: with flag `C` setuid programs run the emulator with the rights of their owner',
      );
    return alone(async () => {
      const source = await emulatorSource(stateRoot(values.root), values.emulator ?? [], note);
      try {
        const stray = [...source.exactly].find((each) => !architectures.includes(each));
        if (stray && values.emulator?.some((each) => each.includes('/')))
          throw new MpkitError('usage', `\`--emulator\` is for ${stray}, which is not asked for`);
        prepareInstance(thisHost, note);
        const rows = await installHandlers(thisHost, {
          ...{ architectures, emulatorFor: source.emulatorFor, exactly: source.exactly },
          replace: values.replace ?? false,
          credentials: values.credentials ?? false,
          preserveArgv0: !values['no-preserve-argv0'],
        });
        const boot = await keep(architectures, values.persist ?? false);
        const own = [...listHandlers(thisHost).map((each) => each.interpreter)];
        const used = [...own, ...persistedInterpreters(thisHost)];
        removeUnused(thisHost, new Set(used.filter(isPlaced)));
        const ok = rows.every((row) => row.ok) && (boot?.ok ?? true);
        if (values.json) show(formatJson({ ok, architectures: rows, boot }));
        else show(formatInstall(rows, boot));
        return ok ? 0 : 1;
      } finally {
        source.close();
      }
    });
  },
};

/** What was kept before, and what this install is for: it is in step once it was asked for. */
async function keep(architectures: readonly string[], asked: boolean): Promise<Boot | undefined> {
  const before = persistedNames(thisHost);
  const own = listHandlers(thisHost).filter(
    ({ name, interpreter }) =>
      isPlaced(interpreter) &&
      (before.includes(name) || architectures.some((each) => name === `mpkit-${each}`)),
  );
  if (own.length === 0 || !(asked || isPersistent(thisHost))) return undefined;
  let kept: Kept | undefined;
  try {
    kept = await persist(thisHost, own);
  } catch (error) {
    if (!(error instanceof MpkitError)) throw error;
    // what is registered stays and is told, whatever a boot will bring back
    const refused = own.map(({ name }) => ({ name, why: error.message }));
    const untried = { tried: false, detail: 'nothing was written', rows: [] };
    return { way: requireBootWay(thisHost), files: [], refused, ...untried, ok: false };
  }
  if (!kept) return undefined;
  const replay = await replayBoot(own.map(({ name }) => name.replace(/^mpkit-/, '')));
  return {
    ...kept,
    ...replay,
    assumes: assumption(thisHost, kept.way),
    ok: kept.refused.length === 0 && (!replay.tried || replay.rows.every(({ works }) => works)),
  };
}

/** Two at once would take each other's entries for broken. */
async function alone(action: () => Promise<number>): Promise<number> {
  return withLock(
    hostLock,
    { how: 'exclusive', onWait: () => note('waiting for another mpkit') },
    action,
  );
}

function note(text: string): void {
  process.stderr.write(`mpkit: ${text}\n`);
}

function show(text: string): void {
  process.stdout.write(text);
}
