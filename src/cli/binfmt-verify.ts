/** `mpkit binfmt verify`. */
import {
  type Cell,
  claimedCpu,
  listHandlers,
  type Property,
  properties,
  readInstance,
  thisHost,
  type VerifyRow,
  verifyArchitecture,
} from '../binfmt/index.ts';
import { MpkitError } from '../errors.ts';
import { hostPlatform } from '../platform.ts';
import { formatJson } from './binfmt-json.ts';
import { formatTable, wrap } from './binfmt-table.ts';
import { architecturesOf } from './binfmt-targets.ts';
import { parseWords, type Verb } from './verb.ts';

export const verifyVerb: Verb = {
  help: `Usage: mpkit binfmt verify [all | ARCH...] [options]

Executes a program of each CPU for each property; without words, of each CPU that has a handler.
Exit status 1 when anything fails (NO). What no handler promised (no) and what cannot be tried
here (?) fails only when \`--property\` asks for it.

  --property LIST  only these, and each must pass (yes). Known are
                   ${properties.join(', ')}
                   (runs: also that its mask is right; chroot: flag F, argv0: P,
                   setuid: C; large: files of 6 GiB)
  --json           a report for programs
`,
  execute: async (words) => {
    const { values, positionals } = parseWords('binfmt verify', words, {
      property: { type: 'string', multiple: true },
      json: { type: 'boolean' },
    });
    const chosen = chooseProperties(values.property);
    const rows: VerifyRow[] = [];
    for (const each of positionals.length > 0 ? architecturesOf(positionals) : served())
      rows.push(await verifyArchitecture(thisHost, each));
    const wanted = (cell: Cell) =>
      cell.result === 'pass' || (!values.property && cell.result !== 'fail');
    const ok = rows.every(({ cells }) => chosen.every((name) => wanted(cells[name])));
    if (values.json) process.stdout.write(formatJson({ ok, rows }));
    else process.stdout.write(formatMatrix(rows, chosen));
    return ok ? 0 : 1;
  },
};

/** The host's own CPU is the control. */
function served(): string[] {
  const instance = readInstance(thisHost);
  const handlers = instance.mounted ? listHandlers(thisHost) : [];
  const claimed = handlers.flatMap((each) => claimedCpu(each)?.architecture ?? []);
  return architecturesOf([...new Set([hostPlatform().architecture, ...claimed])]);
}

function chooseProperties(lists: string[] | undefined): readonly Property[] {
  if (!lists) return properties;
  const names = lists.flatMap((list) => list.split(',')).filter((name) => name !== '');
  const unknown = names.find((name) => !properties.includes(name as Property));
  if (names.length === 0)
    throw new MpkitError('usage', '`--property` needs at least one property', {
      hint: `known are ${properties.join(', ')}`,
    });
  if (unknown !== undefined)
    throw new MpkitError('usage', `unknown property \`${unknown}\``, {
      hint: `known are ${properties.join(', ')}`,
    });
  return properties.filter((name) => names.includes(name));
}

const marks: Record<Cell['result'], string> = {
  pass: 'yes',
  fail: 'NO',
  'not-promised': 'no',
  'cannot-tell': '?',
};

function formatMatrix(rows: readonly VerifyRow[], chosen: readonly Property[]): string {
  const table = formatTable([
    ['PLATFORM', ...chosen.map((name) => name.toUpperCase()), 'HANDLER'],
    ...rows.map(({ platform, cells, handler }) => [
      platform,
      ...chosen.map((name) => marks[cells[name].result]),
      handler ?? '-',
    ]),
  ]);
  const reasons = new Map<string, string[]>();
  for (const { platform, cells } of rows)
    for (const name of chosen) {
      const { result, detail } = cells[name];
      if (result === 'pass') continue;
      const text = `${name}: ${detail}`;
      reasons.set(text, [...(reasons.get(text) ?? []), platform]);
    }
  const lines = [...reasons].map(([text, platforms]) =>
    wrap(`${text} (${platforms.join(', ')})`, '  '),
  );
  return `${table}${lines.join('')}`;
}
