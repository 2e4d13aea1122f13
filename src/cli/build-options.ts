/** The flags of `mpkit build`, checked, as options of a build. */
import {
  type BuildOptions,
  defaultEpoch,
  type NamedContext,
  type OciOutput,
  parseImageSource,
  parseLayoutUrl,
  parseTag,
  proxyNames,
} from '../builder/index.ts';
import { isOffline } from '../emulator/index.ts';
import {
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
} from '../platform.ts';
import { readStepLimits } from './build-limits.ts';
import { readSources } from './build-sources.ts';
import { readCsv } from './csv.ts';
import type { ProgressMode } from './progress.ts';
import { readAll, readEach } from './read-all.ts';
import { readableFile, readableFolder } from './readable.ts';
import { type parseWords, usageOf } from './verb.ts';
import { isStdout, writtenPlace } from './written.ts';

const usage = usageOf('build');

export const buildFlags = {
  platform: { type: 'string', multiple: true },
  file: { type: 'string', short: 'f' },
  tag: { type: 'string', short: 't', multiple: true },
  output: { type: 'string', short: 'o', multiple: true },
  'build-arg': { type: 'string', multiple: true },
  target: { type: 'string' },
  'build-context': { type: 'string', multiple: true },
  network: { type: 'string' },
  'no-cache': { type: 'boolean' },
  'metadata-file': { type: 'string' },
  progress: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  timeout: { type: 'string' },
  'run-timeout': { type: 'string' },
  memory: { type: 'string', short: 'm' },
  offline: { type: 'boolean' },
  root: { type: 'string' },
} as const;

type Flags = ReturnType<typeof parseWords<typeof buildFlags>>['values'];

export type ParsedBuild = Omit<BuildOptions, 'root' | 'signal' | 'umask'>;

/** Every path absolute, every word checked; throws `usage` or `not-found`. */
export function readBuildOptions(values: Flags, positionals: string[]): ParsedBuild {
  const buildArgs = readBuildArgs(values['build-arg'] ?? []);
  const { limits, ...read } = readAll({
    sources: () => readSources(positionals, values.file),
    platforms: () => readPlatforms(values.platform),
    contexts: () => readContexts(values['build-context'] ?? []),
    network: () => readNetwork(values.network ?? 'default'),
    tags: () => readTags(values.tag ?? []),
    outputs: () => readOutputs(values.output ?? [], values['metadata-file']),
    epoch: () => readEpoch(buildArgs),
    limits: () => readStepLimits(values),
  });
  return {
    ...read,
    ...limits,
    arePlatformsImplicit: !values.platform && !process.env.DOCKER_DEFAULT_PLATFORM,
    target: values.target,
    buildArgs,
    noCache: values['no-cache'] ?? false,
    offline: isOffline(values.offline),
    proxies: proxyNames.flatMap((name) => {
      const value = buildArgs.get(name);
      return value === undefined ? [] : [[name, value] as [string, string]];
    }),
  };
}

function readTags(tags: string[]): string[] {
  return readEach(tags, (tag) => {
    parseTag(tag);
    return tag;
  });
}

function readNetwork(word: string) {
  // docker's word for what its containers have
  if (word === 'bridge')
    throw usage('invalid network `bridge`: `default` gives each step a network of its own');
  return oneOf('network', word, ['default', 'none', 'host']);
}

function readPlatforms(lists: string[] | undefined): Platform[] {
  const fallback = process.env.DOCKER_DEFAULT_PLATFORM;
  const words = (lists ?? (fallback ? [fallback] : [])).flatMap((list) => list.split(','));
  const platforms = words.length > 0 ? readEach(words, parsePlatform) : [hostPlatform()];
  const unique = new Map<string, Platform>();
  for (const platform of platforms.map(normalizePlatform)) {
    if (platform.os !== 'linux')
      throw usage(`cannot build for \`${formatPlatform(platform)}\`: only linux is supported`);
    unique.set(formatPlatform(platform), platform);
  }
  return [...unique.values()];
}

function readBuildArgs(words: string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    const name = at < 0 ? word : word.slice(0, at);
    const value = at < 0 ? process.env[name] : word.slice(at + 1);
    if (name === '') throw usage(`invalid build argument \`${word}\`: expected NAME=VALUE`);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/** A build argument beats the environment; an empty one keeps real times. */
function readEpoch(buildArgs: Map<string, string>): number | undefined {
  const text = buildArgs.get('SOURCE_DATE_EPOCH') ?? process.env.SOURCE_DATE_EPOCH;
  if (text === undefined) return defaultEpoch;
  if (text === '') return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw usage(`invalid SOURCE_DATE_EPOCH \`${text}\`: expected seconds since 1970`);
}

/** The last of several with one name counts; only that one is lent to the inside. */
function readContexts(words: string[]): Map<string, NamedContext> {
  const last = new Map(words.map((word) => [word.split('=', 1)[0]?.toLowerCase(), word]));
  return new Map(readEach([...last.values()], readContext));
}

function readContext(word: string): [string, NamedContext] {
  const at = word.indexOf('=');
  const name = word.slice(0, at).toLowerCase();
  const value = word.slice(at + 1);
  if (at <= 0 || value === '')
    throw usage(
      `invalid build context \`${word}\`: expected NAME=oci-layout://DIR, NAME=oci-archive:FILE or NAME=DIR`,
    );
  if (!/^oci-layout:\/\/|^oci-archive:/.test(value))
    return [name, { kind: 'folder', path: readableFolder(value) }];
  if (value.startsWith('oci-archive:')) {
    const source = parseImageSource(value);
    if (source?.kind !== 'archive') throw usage(`invalid build context \`${word}\``);
    const { path, reference } = source;
    return [
      name,
      {
        kind: 'image',
        archive: true,
        folder: readableFile(path),
        ...(reference ? { reference } : {}),
      },
    ];
  }
  const { folder, reference } = parseLayoutUrl(value);
  return [
    name,
    { kind: 'image', folder: readableFolder(folder), ...(reference ? { reference } : {}) },
  ];
}

/** Two archives in one stream, or one on a screen, are of no use to anybody. */
function readOutputs(specs: string[], metadata = ''): OciOutput[] {
  const outputs = readEach(specs, readOutput);
  const printed = outputs.filter(({ dest }) => dest === '-');
  if (printed.length > 1 || (printed.length > 0 && isStdout(metadata)))
    throw usage('only one output can be written to stdout');
  if (printed.length > 0 && process.stdout.isTTY)
    throw usage('an archive is not written to a terminal: redirect stdout or name a file');
  return outputs;
}

function readOutput(spec: string): OciOutput {
  const pairs = readCsv(spec);
  if (!pairs)
    throw usage(
      `output \`${spec}\`: a quote is out of place: expected quotes around a whole KEY=VALUE`,
    );
  const fields = new Map(
    pairs.map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at).trim().toLowerCase(), pair.slice(at + 1)];
    }),
  );
  if (fields.get('type') !== 'oci')
    throw usage(`output \`${spec}\`: only type=oci is supported yet`);
  const dest = fields.get('dest');
  if (!dest) throw usage(`output \`${spec}\`: dest=PATH is missing`);
  const tar = oneOf('tar', fields.get('tar') ?? 'true', ['true', 'false']) === 'true';
  for (const key of fields.keys())
    if (!['type', 'dest', 'tar'].includes(key))
      throw usage(`output \`${spec}\`: unknown key \`${key}\``);
  if (dest !== '-' && !isStdout(dest)) return { type: 'oci', dest: writtenPlace(dest), tar };
  if (!tar) throw usage('a folder cannot be written to stdout: leave `tar=false` out');
  return { type: 'oci', dest: '-', tar };
}

/** The environment counts where the flag leaves it open, as buildx has it. */
export function readProgress(
  { progress = 'auto', quiet }: Pick<Flags, 'progress' | 'quiet'>,
  environment = '',
): ProgressMode | 'auto' {
  const fromFlag = oneOf('progress', progress, progressWords);
  if (quiet) return 'quiet';
  const word =
    fromFlag === 'auto' && environment !== ''
      ? oneOf('BUILDKIT_PROGRESS', environment, progressWords)
      : fromFlag;
  return word === 'none' ? 'quiet' : word;
}

const progressWords = ['auto', 'plain', 'tty', 'rawjson', 'quiet', 'none'] as const;

function oneOf<const T extends string>(flag: string, value: string, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found) return found;
  throw usage(`invalid ${flag} \`${value}\`: expected ${words.join(' or ')}`);
}
