/** `mpkit build`: flags to options, progress to stderr, the digest to stdout. */
import { closeSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type BuildOptions,
  build,
  defaultEpoch,
  findDockerfile,
  type NamedContext,
  type OciOutput,
  parseLayoutUrl,
  parseTag,
  proxyNames,
} from '../builder/index.ts';
import { isOffline, type Loan } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import {
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
} from '../platform.ts';
import { createPlainPrinter } from '../tui/plain.ts';
import { inNamespace, parseWords, stopOnSignals, type Verb } from './verb.ts';

export const buildVerb: Verb = {
  help: `usage: mpkit build [options] CONTEXT

Builds CONTEXT/Dockerfile for each platform, without daemon, root or Docker.

  --platform LIST          platforms, comma separated, repeatable (default: this machine's)
  -f, --file FILE          Dockerfile, from the working folder (default: CONTEXT/Dockerfile)
  -t, --tag NAME[:TAG]     name of the result, repeatable
  -o, --output SPEC        type=oci,dest=PATH[,tar=false]: an OCI layout as archive or folder
  --build-arg NAME[=VALUE] a build argument; without =VALUE it is taken from the environment
  --target STAGE           stage to build (default: the last)
  --build-context NAME=oci-layout://DIR[:TAG] | NAME=DIR
                           an image or a folder that FROM and COPY --from can name
  --network default|none|host   network of RUN steps (default and host: the host's)
  --no-cache               execute every step; the results are still kept
  --progress plain|quiet   quiet prints only the digest (also -q, --quiet)
  --offline                fetch nothing, emulators included (also MPKIT_OFFLINE=1)
  --root DIR               state folder (default: MPKIT_ROOT, $XDG_DATA_HOME/mpkit, root: /var/lib/mpkit)

The same input gives the same digest: file times later than SOURCE_DATE_EPOCH (environment or
build argument; else 1980-01-01) are lowered to it. --build-arg SOURCE_DATE_EPOCH= keeps real times.

exit status: 0 built, 1 failed, 2 wrong usage, 3 this host cannot do it, 128+n stopped by signal n
`,
  execute,
};

const flags = {
  platform: { type: 'string', multiple: true },
  file: { type: 'string', short: 'f' },
  tag: { type: 'string', short: 't', multiple: true },
  output: { type: 'string', short: 'o', multiple: true },
  'build-arg': { type: 'string', multiple: true },
  target: { type: 'string' },
  'build-context': { type: 'string', multiple: true },
  network: { type: 'string' },
  'no-cache': { type: 'boolean' },
  progress: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  offline: { type: 'boolean' },
  root: { type: 'string' },
} as const;

type Flags = ReturnType<typeof parseWords<typeof flags>>['values'];

async function execute(words: string[]): Promise<number> {
  const { values, positionals } = parseWords('build', words, flags);
  const progress = progressOf(values);
  const options = readOptions(values, positionals);
  return inNamespace(
    'build',
    words,
    { root: values.root, loans: loansOf(options), quiet: progress === 'quiet' },
    async (root) => {
      const stop = stopOnSignals();
      const emit =
        progress === 'quiet'
          ? () => {}
          : createPlainPrinter({ write: (text) => void process.stderr.write(text), colour: false });
      if (options.outputs.length === 0 && progress !== 'quiet')
        emit({
          type: 'notice',
          text: 'no output given: the result stays in the cache; use -o type=oci,dest=PATH',
        });
      try {
        const result = await build({ ...options, root, signal: stop.signal }, emit);
        if (progress !== 'quiet')
          for (const { platform, digest } of result.images)
            process.stderr.write(`=> ${formatPlatform(platform)} ${digest}\n`);
        if (result.digest) process.stdout.write(`${result.digest}\n`);
        return 0;
      } catch (error) {
        const code = stop.code();
        if (code === undefined) throw error;
        process.stderr.write('mpkit: stopped; finished steps are kept\n');
        return code;
      }
    },
  );
}

type Parsed = Omit<BuildOptions, 'root' | 'signal'>;

function readOptions(values: Flags, positionals: string[]): Parsed {
  const [context, ...others] = positionals;
  if (context === undefined || others.length > 0)
    throw usage(`expected one CONTEXT folder, found ${positionals.length}`);
  const folder = readableFolder(context);
  const buildArgs = readBuildArgs(values['build-arg'] ?? []);
  const tags = values.tag ?? [];
  for (const tag of tags) parseTag(tag);
  return {
    context: folder,
    file: values.file === undefined ? findDockerfile(folder) : resolve(values.file),
    platforms: readPlatforms(values.platform),
    target: values.target,
    buildArgs,
    contexts: new Map((values['build-context'] ?? []).map(readContext)),
    network: oneOf('network', values.network ?? 'default', ['default', 'none', 'host']),
    noCache: values['no-cache'] ?? false,
    offline: isOffline(values.offline),
    tags,
    outputs: (values.output ?? []).map(readOutput),
    epoch: readEpoch(buildArgs),
    proxies: proxyNames.flatMap((name) => {
      const value = buildArgs.get(name);
      return value === undefined ? [] : [[name, value] as [string, string]];
    }),
  };
}

function readPlatforms(lists: string[] | undefined): Platform[] {
  const fallback = process.env.DOCKER_DEFAULT_PLATFORM;
  const words = (lists ?? (fallback ? [fallback] : [])).flatMap((list) => list.split(','));
  const platforms = words.length > 0 ? words.map(parsePlatform) : [hostPlatform()];
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

function readContext(word: string): [string, NamedContext] {
  const at = word.indexOf('=');
  const name = word.slice(0, at).toLowerCase();
  const value = word.slice(at + 1);
  if (at <= 0 || value === '')
    throw usage(`invalid build context \`${word}\`: expected NAME=oci-layout://DIR or NAME=DIR`);
  if (!value.includes('://')) return [name, { kind: 'folder', path: readableFolder(value) }];
  if (!value.startsWith('oci-layout://'))
    throw usage(
      `build context \`${name}\`: only oci-layout:// and folders are supported, found \`${value}\``,
    );
  const { folder, reference } = parseLayoutUrl(value);
  return [
    name,
    { kind: 'image', folder: readableFolder(folder), ...(reference ? { reference } : {}) },
  ];
}

function readOutput(spec: string): OciOutput {
  const fields = new Map(
    spec.split(',').map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
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
  return { type: 'oci', dest: resolve(dest), tar };
}

/** What the inside must be able to read, and the folders that results are written into. */
function loansOf({ context, file, contexts, outputs }: Parsed): Loan[] {
  const read = [context, dirname(file), ...[...contexts.values()].map(placeOf)];
  const write = outputs.map(({ dest }) => {
    try {
      mkdirSync(dirname(dest), { recursive: true });
    } catch (error) {
      throw new MpkitError(
        'permission-denied',
        `cannot make \`${dirname(dest)}\`: ${(error as Error).message}`,
      );
    }
    return dirname(dest);
  });
  return [
    ...read.filter(exists).map((path) => ({ path, access: 'read' as const })),
    ...write.map((path) => ({ path, access: 'write' as const })),
  ];
}

function placeOf(context: NamedContext): string {
  return context.kind === 'folder' ? context.path : context.folder;
}

function progressOf({ progress = 'plain', quiet }: Flags): 'plain' | 'quiet' {
  const known = oneOf('progress', progress, ['plain', 'quiet', 'auto']);
  return quiet || known === 'quiet' ? 'quiet' : 'plain';
}

function oneOf<const T extends string>(flag: string, value: string, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found) return found;
  throw usage(`invalid ${flag} \`${value}\`: expected ${words.join(' or ')}`);
}

function readableFolder(path: string): string {
  try {
    const real = realpathSync(path);
    if (!statSync(real).isDirectory()) throw usage(`\`${path}\` is no folder`);
    closeSync(openSync(real, 'r'));
    return real;
  } catch (error) {
    if (error instanceof MpkitError) throw error;
    throw new MpkitError(
      'not-found',
      `cannot read folder \`${path}\`: ${(error as NodeJS.ErrnoException).code}`,
    );
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function usage(message: string): MpkitError {
  return new MpkitError('usage', message, { hint: '`mpkit build --help` lists the flags' });
}
