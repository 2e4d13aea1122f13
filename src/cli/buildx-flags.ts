/** The flags of `docker buildx build` that mpkit lacks: known by name, and told all at once. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { usageOf } from './verb.ts';

type Own = NonNullable<ParseArgsConfig['options']>;

/**
 * The words without flags that change nothing here; `--flag=true` and `--flag=false` of a switch
 * become what they mean. Throws one `usage` error that names every flag that is not understood.
 */
export function withoutBuildxFlags(words: string[], own: Own): string[] {
  const options = { ...own, ...Object.fromEntries(foreign.map(optionOf)) };
  const { tokens } = parseArgs({
    ...{ args: words, options, strict: false, allowPositionals: true, tokens: true },
  });
  const refused = new Set<string>();
  const changed = new Map<number, string | undefined>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value, index, inlineValue } = token;
    const known = foreign.find((each) => each.name === name);
    const isSwitch = known ? known.takes === 'nothing' : own[name]?.type === 'boolean';
    const truth = readTruth(value ?? 'true');
    if (!known && !own[name]) refused.add(unknown(rawName, words[index], options));
    else if (isSwitch && truth === undefined)
      refused.add(`\`${rawName}\` is true or false, not \`${value}\``);
    else if (known) {
      if (known.harmless?.(truth ?? value ?? true) !== true) refused.add(described(rawName, known));
      changed.set(index, undefined);
      if (known.takes === 'value' && inlineValue === false) changed.set(index + 1, undefined);
    } else if (isSwitch && inlineValue) changed.set(index, truth ? rawName : undefined);
  }
  if (refused.size > 0) throw usage([...refused]);
  return words.flatMap((word, at) => (changed.has(at) ? (changed.get(at) ?? []) : [word]));
}

/** Node takes `-pull` for four short flags. */
function unknown(rawName: string, word = '', options: Own): string {
  const long = /^-([a-z][a-z-]+)/.exec(word)?.[1];
  if (long === undefined || !options[long]) return `unknown option \`${rawName}\``;
  return `unknown option \`-${long}\`: did you mean \`--${long}\`?`;
}

interface Foreign {
  name: string;
  short?: string;
  takes: 'value' | 'nothing';
  /** Whether this value asks for what mpkit does anyhow; a flag without a value counts as true. */
  harmless?: (value: string | boolean) => boolean;
  instead?: string;
}

const off = (value: string | boolean) => value === false;
const any = () => true;
const push = '`-o type=oci,dest=DIR,tar=false`, then `skopeo copy --all oci:DIR docker://NAME`';

/** In alphabetical order. */
const foreign: Foreign[] = [
  { name: 'add-host', takes: 'value' },
  { name: 'allow', takes: 'value', harmless: (value) => value === 'network.host' },
  { name: 'annotation', takes: 'value' },
  { name: 'attest', takes: 'value', harmless: isDisabled },
  { name: 'builder', takes: 'value', instead: 'mpkit builds on this machine, without a builder' },
  { name: 'cache-from', takes: 'value', instead: 'the cache of `--root` is used without asking' },
  { name: 'cache-to', takes: 'value', instead: 'the cache of `--root` is kept without asking' },
  { name: 'call', takes: 'value', harmless: (value) => value === 'build' },
  { name: 'cgroup-parent', takes: 'value' },
  { name: 'check', takes: 'nothing', harmless: off },
  { name: 'compress', takes: 'nothing', harmless: any },
  { name: 'cpu-period', takes: 'value' },
  { name: 'cpu-quota', takes: 'value' },
  { name: 'cpu-shares', short: 'c', takes: 'value' },
  { name: 'cpuset-cpus', takes: 'value' },
  { name: 'cpuset-mems', takes: 'value' },
  { name: 'debug', short: 'D', takes: 'nothing', harmless: off },
  { name: 'force-rm', takes: 'nothing', harmless: any },
  { name: 'iidfile', takes: 'value', instead: '`--metadata-file` holds the digests' },
  { name: 'isolation', takes: 'value', harmless: (value) => value === 'default' },
  { name: 'label', takes: 'value', instead: 'a `LABEL` line' },
  { name: 'load', takes: 'nothing', harmless: off, instead: '`-o type=oci,dest=FILE`' },
  { name: 'memory-swap', takes: 'value' },
  { name: 'no-cache-filter', takes: 'value', instead: '`--no-cache` executes every step' },
  { name: 'policy', takes: 'value' },
  { name: 'print', takes: 'value' },
  { name: 'provenance', takes: 'value', harmless: off, instead: '`--provenance=false`' },
  { name: 'pull', takes: 'nothing', harmless: any },
  { name: 'push', takes: 'nothing', harmless: off, instead: push },
  { name: 'resource', takes: 'value' },
  { name: 'rm', takes: 'nothing', harmless: any },
  { name: 'sbom', takes: 'value', harmless: off, instead: '`--sbom=false`' },
  { name: 'secret', takes: 'value' },
  { name: 'security-opt', takes: 'value' },
  { name: 'shm-size', takes: 'value' },
  { name: 'squash', takes: 'nothing', harmless: off },
  { name: 'ssh', takes: 'value' },
  { name: 'ulimit', takes: 'value' },
];

function optionOf({ name, short, takes }: Foreign): [string, Own[string]] {
  const type = takes === 'value' ? 'string' : 'boolean';
  return [name, { type, multiple: true, ...(short ? { short } : {}) }];
}

function described(rawName: string, { instead }: Foreign): string {
  return `\`${rawName}\` is not supported yet${instead ? ` (instead: ${instead})` : ''}`;
}

function isDisabled(attestation: string | boolean): boolean {
  return /(^|,)disabled=true(,|$)/.test(String(attestation));
}

/** As Go's strconv.ParseBool, by which buildx reads its switches. */
function readTruth(value: string): boolean | undefined {
  if (/^(1|t|T|true|True|TRUE)$/.test(value)) return true;
  return /^(0|f|F|false|False|FALSE)$/.test(value) ? false : undefined;
}

/** Found all at once, told all at once, as far as it is not endless. */
function usage(refused: string[]) {
  const most = 20;
  const more = refused.length > most ? `; and ${refused.length - most} more` : '';
  return usageOf('build')(`${refused.slice(0, most).join('; ')}${more}`);
}
