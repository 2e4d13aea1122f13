/** `mpkit binfmt status`, also `ls`. */

import { type HostStatus, readHostStatus, thisHost } from '../binfmt/index.ts';
import { MpkitError } from '../errors.ts';
import { hostPlatform } from '../platform.ts';
import { cutEnd } from '../tui/cut.ts';
import { formatJson } from './binfmt-json.ts';
import { formatTable, wrap } from './binfmt-table.ts';
import { parseWords, type Verb } from './verb.ts';

export const statusVerb: Verb = {
  help: `Usage: mpkit binfmt status [options]

One row for each handler: whose it is, what it runs, whether a boot brings it back, and whether it
works, which is found out by execution. Then the platforms that run here, however.

  --json            everything, for programs
  --format docker   what \`tonistiigi/binfmt\` prints: supported platforms, handler names
`,
  execute: async (words) => {
    const { values, positionals } = parseWords('binfmt status', words, {
      json: { type: 'boolean' },
      format: { type: 'string' },
    });
    if (positionals.length > 0)
      throw new MpkitError('usage', `\`status\` takes no argument, found \`${positionals[0]}\``);
    const form = values.format ?? (values.json ? 'json' : 'table');
    const forms: Record<string, (status: HostStatus) => string> = {
      table: formatStatus,
      json: formatJson,
      docker: formatDocker,
    };
    const formatter = forms[form];
    if (!formatter)
      throw new MpkitError('usage', `unknown format \`${form}\``, {
        hint: 'expected `table`, `json` or `docker`',
      });
    process.stdout.write(formatter(await readHostStatus(thisHost)));
    return 0;
  },
};

/** Exported for its test. */
export function formatStatus(status: HostStatus): string {
  const { instance, findings, handlers, platforms } = status;
  const kinds = {
    host: "the host's",
    private: 'one of this user namespace',
    namespace: "seen from a user namespace: its own or the host's",
  };
  const state = !instance.mounted
    ? 'not mounted'
    : instance.enabled === undefined
      ? 'its switch cannot be read'
      : instance.enabled
        ? 'on'
        : 'SWITCHED OFF';
  const head = `binfmt_misc: ${kinds[instance.kind]}, ${state}${instance.readOnly ? ', read-only' : ''}\n`;
  const problems = findings.map(({ text, hint }) => wrap(`${text}: ${hint}`, '  '));
  const table = formatTable([
    ['HANDLER', 'CPU', 'OWNER', 'QEMU', 'DIGEST', 'LINKED', 'FLAGS', 'BOOT', 'WORKS', 'RUNS'],
    ...handlers.map((each) => [
      cutEnd(each.name, 15),
      each.platform?.slice('linux/'.length) ?? '-',
      each.owner,
      cutEnd(each.version ?? '-', 7),
      each.digest?.slice(7, 13) ?? '-',
      each.linkage === 'unreadable' ? '?' : each.linkage,
      each.flags || '-',
      each.boot ? 'yes' : 'no',
      each.enabled ? worksWords[each.works] : 'off',
      each.interpreter,
    ]),
  ]);
  const faults = handlers.flatMap(({ name, findings: found, works, detail }) => [
    ...found.map(({ text, severity }) =>
      wrap(`${name}: ${severity === 'problem' ? '' : 'note: '}${text}`, '  '),
    ),
    ...(works === 'no' || works === 'here-only' ? [wrap(`${name}: ${detail}`, '  ')] : []),
  ]);
  const running = platforms
    .filter(({ runs }) => runs)
    .map((each) => `${each.platform}${each.handler ? '' : ' (native)'}`);
  return [
    head,
    ...problems,
    ...(handlers.length > 0 ? [table] : ['no handlers\n']),
    ...faults,
    wrap(`runs here: ${running.join(', ')}`, ''),
  ].join('');
}

/** 32-bit ARM stands for the variants that every emulator of it runs. */
function formatDocker({ platforms, handlers }: HostStatus): string {
  const own = `linux/${hostPlatform().architecture}`;
  const supported = platforms
    .filter(({ runs, inEmptyRoot }) => runs && inEmptyRoot)
    .map(({ platform }) => platform)
    .sort((a, b) => Number(b === own) - Number(a === own))
    .flatMap((platform) =>
      platform === 'linux/arm' ? ['linux/arm/v7', 'linux/arm/v6'] : [platform],
    );
  const emulators = handlers.map(({ name }) => name).sort();
  return formatJson({ supported, emulators });
}

const worksWords: Record<HostStatus['handlers'][number]['works'], string> = {
  yes: 'yes',
  'here-only': 'here',
  no: 'NO',
  shadowed: 'shadow',
  'not-tried': '-',
};
