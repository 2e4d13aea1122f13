/** `mpkit binfmt uninstall`. */
import { needsRoot, readInstance, thisHost, uninstallHandlers } from '../binfmt/index.ts';
import { hostLock, withLock } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { formatJson } from './binfmt-json.ts';
import { canonicalTarget } from './binfmt-targets.ts';
import { parseWords, type Verb } from './verb.ts';

export const uninstallVerb: Verb = {
  help: `Usage: mpkit binfmt uninstall <all | ARCH | NAME | PATTERN>... [options]

Takes mpkit's own handlers away, what would bring them back at boot, and their emulators. Needs root.
A pattern has \`*\` and \`?\` and is compared with handler names.

  --foreign  also handlers that mpkit did not make; their boot configuration stays
  --json     a report for programs
`,
  execute: async (words) => {
    const { values, positionals } = parseWords('binfmt uninstall', words, {
      foreign: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    const targets = positionals.flatMap((word) => word.split(',')).filter((word) => word !== '');
    if (targets.length === 0)
      throw new MpkitError('usage', '`uninstall` needs `all`, architectures or handler names');
    if (process.geteuid?.() !== 0) throw needsRoot();
    if (readInstance(thisHost).readOnly)
      throw new MpkitError('host-unable', `\`${thisHost.instance}\` is mounted read-only`);
    return withLock(hostLock, { how: 'exclusive' }, async () => {
      const report = await uninstallHandlers(
        thisHost,
        targets.map((target) => (target === 'all' ? target : canonicalTarget(target))),
        { foreign: values.foreign ?? false },
      );
      const ok = report.unknown.length === 0 && report.spared.length === 0;
      const whole = targets.includes('all');
      if (values.json) process.stdout.write(formatJson(report));
      else process.stdout.write(format(whole ? { ...report, spared: [] } : report));
      return ok || (whole && report.unknown.length === 0) ? 0 : 1;
    });
  },
};

function format({
  removed,
  forgotten,
  spared,
  remaining,
  unknown,
}: Awaited<ReturnType<typeof uninstallHandlers>>): string {
  const lines = [
    ...removed.map(({ name, owner, comesBack }) =>
      comesBack
        ? `removed ${name} of ${owner}, which registers it again at the next boot`
        : `removed ${name}`,
    ),
    ...(forgotten.length > 0 ? [`no longer registered at boot: ${forgotten.join(', ')}`] : []),
    ...spared.map(({ name, owner }) => `left ${name} alone: it belongs to ${owner} (--foreign)`),
    ...unknown.map((target) => `nothing is named by ${target}`),
  ];
  if (lines.length === 0) lines.push('nothing to remove');
  const rest = remaining.map(({ name, owner }) => `${name} (${owner})`).join(', ');
  return `${[...lines, `remaining: ${rest || 'none'}`].join('\n')}\n`;
}
