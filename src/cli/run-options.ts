/** The flags of `mpkit run`, checked. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ImageSource, imageSourceWords, parseImageSource } from '../builder/index.ts';
import { type Access, hostPath } from '../caller-paths.ts';
import { isOffline, type Network } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { hostPlatform, normalizePlatform, type Platform, parsePlatform } from '../platform.ts';
import { readMemory } from './memory-flag.ts';
import { type parseWords, usageOf } from './verb.ts';

const usage = usageOf('run');

export const runFlags = {
  platform: { type: 'string' },
  rootfs: { type: 'string' },
  env: { type: 'string', short: 'e', multiple: true },
  workdir: { type: 'string', short: 'w' },
  user: { type: 'string', short: 'u' },
  network: { type: 'string' },
  volume: { type: 'string', short: 'v', multiple: true },
  timeout: { type: 'string' },
  memory: { type: 'string', short: 'm' },
  offline: { type: 'boolean' },
  verbose: { type: 'boolean' },
  root: { type: 'string' },
} as const;

export interface RunOptions {
  source: { rootfs: string } | ImageSource;
  command: string[];
  platform: Platform;
  environment: [string, string][];
  directory: string | undefined;
  user: string | undefined;
  network: Network;
  volumes: { source: string; target: string; readOnly: boolean }[];
  timeLimit: number | undefined;
  /** Bytes for all of its processes; 0 for any number. */
  memory: number;
  offline: boolean;
  verbose: boolean;
}

interface Words {
  values: ReturnType<typeof parseWords<typeof runFlags>>['values'];
  positionals: string[];
  command: string[];
}

/**
 * The command begins after `--`, or, as docker run has it, at the first word that is neither a flag
 * nor the image. Flags may stand on both sides of the image.
 */
export function splitCommand(words: string[]): { own: string[]; command: string[] } {
  const { tokens } = parseArgs({
    args: words,
    options: runFlags,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  let needsImage = true;
  for (const token of tokens) {
    if (token.kind === 'option-terminator')
      return { own: words.slice(0, token.index), command: words.slice(token.index + 1) };
    if (token.kind === 'option' && token.name === 'rootfs') needsImage = false;
    if (token.kind !== 'positional') continue;
    if (!needsImage) return { own: words.slice(0, token.index), command: words.slice(token.index) };
    needsImage = false;
  }
  return { own: words, command: [] };
}

/** Every path absolute, every word checked; throws `usage` or `not-found`. */
export function readRunOptions({ values, positionals, command }: Words): RunOptions {
  const { timeout, network = 'default' } = values;
  if (network === 'bridge')
    throw usage('invalid network `bridge`: `default` gives the command a network of its own');
  if (!['none', 'host', 'default'].includes(network))
    throw usage(`invalid network \`${network}\`: expected none, host or default`);
  if (timeout !== undefined && !/^[1-9]\d{0,7}$/.test(timeout))
    throw usage(`invalid timeout \`${timeout}\`: expected seconds`);
  return {
    ...readSource(values.rootfs, positionals, command),
    platform: values.platform ? normalizePlatform(parsePlatform(values.platform)) : hostPlatform(),
    environment: (values.env ?? []).flatMap(readVariable),
    directory: values.workdir,
    user: values.user,
    network: network as Network,
    volumes: (values.volume ?? []).map(readVolume),
    timeLimit: timeout === undefined ? undefined : Number(timeout),
    memory: readMemory('run', values.memory),
    offline: isOffline(values.offline),
    verbose: values.verbose ?? false,
  };
}

/** Words after the image are the command too, as docker run has it. */
function readSource(
  rootfs: string | undefined,
  positionals: string[],
  command: string[],
): Pick<RunOptions, 'source' | 'command'> {
  if (rootfs !== undefined)
    return { source: { rootfs: realPath(rootfs) }, command: [...positionals, ...command] };
  const [image, ...others] = positionals;
  const source = image === undefined ? undefined : parseImageSource(image);
  if (!source) throw usage(`expected --rootfs DIR, ${imageSourceWords}`);
  return {
    source: 'path' in source ? { ...source, path: realPath(source.path) } : source,
    command: [...others, ...command],
  };
}

function readVariable(word: string): [string, string][] {
  const at = word.indexOf('=');
  const name = at < 0 ? word : word.slice(0, at);
  const value = at < 0 ? process.env[name] : word.slice(at + 1);
  if (name === '') throw usage(`invalid variable \`${word}\`: expected NAME=VALUE`);
  return value === undefined ? [] : [[name, value]];
}

function readVolume(word: string) {
  const [source = '', target = '', mode, ...more] = word.split(':');
  if (
    !source ||
    !target.startsWith('/') ||
    more.length > 0 ||
    !['ro', 'rw', undefined].includes(mode)
  )
    throw usage(`invalid volume \`${word}\`: expected SRC:DST[:ro] with an absolute DST`);
  if (/^\/+(proc|sys)(\/|$)/.test(target) || /(^|\/)\.\.(\/|$)/.test(target))
    throw usage(`invalid volume \`${word}\`: nothing can be mounted below /proc and /sys`);
  return {
    source: realPath(source, mode === 'ro' ? 'read' : 'write'),
    target,
    readOnly: mode === 'ro',
  };
}

function realPath(path: string, access: Access = 'read'): string {
  const real = hostPath(path, access);
  if (existsSync(real)) return real;
  throw new MpkitError('not-found', `\`${path}\` does not exist`);
}
