/** `mpkit history`: what was built here, and what is in it. */
import { type BuildRecord, describeImages, openRecords } from '../builder/index.ts';
import { callersWords, hostPath } from '../caller-paths.ts';
import { MpkitError } from '../errors.ts';
import { printedJson } from '../printed-json.ts';
import { cleanName } from '../tui/clean.ts';
import { inNamespace, parseWords, type Verb } from './verb.ts';

export const historyVerb: Verb = {
  help: `usage: mpkit history ls [--json]
       mpkit history inspect [CONTEXT] [--json]

Lists the builds of this machine, the newest first, each with its last outcome; 50 are kept.
inspect shows one, by default the newest: its steps, and layers and configuration of its images.

  --json      everything as one JSON array
  --root DIR  state folder

exit status: 0 done, 1 nothing was built yet, 2 wrong usage
`,
  execute: (words) => {
    const { values, positionals } = parseWords('history', words, {
      json: { type: 'boolean' },
      root: { type: 'string' },
    });
    const [verb, context, ...others] = positionals;
    if ((verb !== 'ls' && verb !== 'inspect') || others.length > 0 || (verb === 'ls' && context))
      throw new MpkitError('usage', 'expected `ls`, `inspect` or `inspect CONTEXT`', {
        hint: '`mpkit history --help` says more',
      });
    // `-` is what came through stdin
    const folder =
      context === undefined || context === '-' ? context : callersWords(hostPath(context));
    return inNamespace('history', words, { root: values.root, loans: [] }, async (root) => {
      const all = openRecords(root).list();
      if (verb === 'ls') return print(values.json ? json(all) : table(all));
      const record = all.find((each) => folder === undefined || each.context === folder);
      if (!record) throw new MpkitError('not-found', `no build of ${name(folder)} is recorded`);
      const images = await describeImages(root, record);
      return print(values.json ? json([{ ...record, images }]) : describe(record, images));
    });
  },
};

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function json(value: unknown): string {
  return `${printedJson(value, undefined, 2)}\n`;
}

function name(folder: string | undefined): string {
  return folder === undefined ? 'anything' : `\`${folder}\``;
}

function table(records: BuildRecord[]): string {
  return records
    .map(({ startedAt, seconds, status, platforms, context }) => {
      const when = new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ');
      return `${when}  ${status.padEnd(7)} ${`${seconds.toFixed(1)}s`.padStart(8)}  ${cleanName(context)}  ${platforms.join(',')}\n`;
    })
    .join('');
}

function describe(record: BuildRecord, images: Awaited<ReturnType<typeof describeImages>>): string {
  const steps = record.steps.map(
    ({ platform, step, text, status, kind, seconds }) =>
      `  ${platform} ${cleanName(step)} ${cleanName(text.split('\n')[0] ?? '')}: ${status}${kind ? `, ${kind}` : ''}${seconds === undefined ? '' : `, ${seconds.toFixed(1)} s`}\n`,
  );
  const parts = images.map(({ platform, digest, layers }) => {
    const lines = layers?.map((each) => `  ${each.digest} ${each.size}\n`) ?? ['  removed since\n'];
    return `${platform} ${digest}\n${lines.join('')}`;
  });
  return `${table([record])}${steps.join('')}${parts.join('')}`;
}
