/** `mpkit binfmt`: the handlers of the whole host. Builds need none of them. */
import { MpkitError } from '../errors.ts';
import type { Verb } from './verb.ts';

export const binfmtVerb: Verb = {
  help: '',
  ownHelp: true,
  execute: async (words) => {
    const [name = '--help', ...rest] = words;
    if (name === '--help' || name === '-h') return say(OVERVIEW);
    const load = verbs.get(name);
    if (!load)
      throw new MpkitError('usage', `unknown verb \`${name}\``, {
        hint: 'expected one of install, uninstall, status, verify',
      });
    const verb = await load();
    if (rest.includes('--help') || rest.includes('-h')) return say(verb.help);
    if (name !== 'install' && rest.some((word) => /^--root(=|$)/.test(word)))
      throw new MpkitError('usage', `\`mpkit binfmt ${name}\` has no \`--root\``, {
        hint: "leave it out: handlers are the whole host's, and only `install` takes emulators from a state folder",
      });
    return verb.execute(rest);
  },
};

const status = async () => (await import('./binfmt-status.ts')).statusVerb;

const verbs = new Map<string, () => Promise<Verb>>([
  ['install', async () => (await import('./binfmt-install.ts')).installVerb],
  ['uninstall', async () => (await import('./binfmt-uninstall.ts')).uninstallVerb],
  ['status', status],
  ['ls', status],
  ['verify', async () => (await import('./binfmt-verify.ts')).verifyVerb],
  // for `install --persist` itself, inside an instance of its own
  ['replay', async () => (await import('./binfmt-replay.ts')).replayVerb],
]);

const OVERVIEW = `Usage: mpkit binfmt VERB

Makes programs of other CPUs run everywhere on this host, in containers too. \`mpkit build\` and
\`mpkit run\` do not need it: they bring handlers of their own.

  install     register emulators (root)
  uninstall   take mpkit's handlers away again (root)
  status      show every handler, whose it is, and whether it works; also \`ls\`
  verify      execute one check after the other for each CPU

\`mpkit binfmt VERB --help\` says more.
`;

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}
