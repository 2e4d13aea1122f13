/** The flags of `mpkit bench`, checked. */
import { statSync } from 'node:fs';
import { type BenchTarget, programs, steps, type Workload } from '../bench/index.ts';
import { type ImageSource, parseLayoutUrl } from '../builder/index.ts';
import { hostPath } from '../caller-paths.ts';
import { isCpuModel, isNative, isOffline } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import {
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
} from '../platform.ts';
import { type parseWords, usageOf } from './verb.ts';

const usage = usageOf('bench');

export const benchFlags = {
  platform: { type: 'string', multiple: true },
  emulator: { type: 'string', multiple: true },
  cpu: { type: 'string', multiple: true },
  workload: { type: 'string', multiple: true },
  base: { type: 'string' },
  samples: { type: 'string' },
  emulators: { type: 'boolean' },
  keep: { type: 'boolean' },
  build: { type: 'string' },
  json: { type: 'boolean' },
  markdown: { type: 'boolean' },
  svg: { type: 'string' },
  history: { type: 'boolean' },
  progress: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  offline: { type: 'boolean' },
  root: { type: 'string' },
} as const;

export interface BenchRequest {
  mode:
    | { kind: 'targets' }
    /** `models`: CPU models to compare beside the usual ones. */
    | { kind: 'emulators'; keep: boolean; models: string[] }
    | { kind: 'build'; context: string }
    | { kind: 'history' };
  platforms: Platform[] | undefined;
  targets: BenchTarget[];
  workloads: Workload[];
  base: (ImageSource & { path: string }) | undefined;
  samples: number;
  form: 'table' | 'json' | 'markdown';
  svg: string | undefined;
  progress: 'auto' | 'rawjson' | 'quiet';
  offline: boolean;
}

/** Throws `usage` or `not-found`. */
export function readBenchRequest({
  values,
  positionals,
}: Pick<ReturnType<typeof parseWords<typeof benchFlags>>, 'values' | 'positionals'>): BenchRequest {
  if (positionals.length > 0) throw usage(`expected no argument, found \`${positionals[0]}\``);
  const { emulator = [], cpu = [], samples = '9', json, markdown } = values;
  if (json && markdown) throw usage('`--json` and `--markdown` exclude each other');
  if (!/^[1-9]\d{0,2}$/.test(samples))
    throw usage(`invalid samples \`${samples}\`: expected a number of turns below 1000`);
  const mode = readMode(values);
  if (mode.kind !== 'targets' && emulator.length > 0)
    throw usage('`--emulator` names targets: not with `--emulators` or `--build`');
  if (mode.kind !== 'targets' && mode.kind !== 'emulators' && cpu.length > 0)
    throw usage('`--cpu` names targets: not with `--build` or `--history`');
  for (const model of cpu)
    if (!isCpuModel(model))
      throw usage(`invalid CPU model \`${model}\`: expected one as in QEMU_CPU, or default`);
  const platforms = readPlatforms(values.platform);
  if (mode.kind === 'emulators' && cpu.length > 0 && platforms?.length !== 1)
    throw usage('`--cpu` names a model of one CPU: give its `--platform` too');
  const own = (platforms ?? []).find(isNative);
  if (own && emulator.length + cpu.length > 0)
    throw usage(
      `\`${formatPlatform(own)}\` runs natively here, so no emulator can be chosen for it`,
    );
  const base = values.base === undefined ? undefined : readBase(values.base);
  return {
    mode,
    platforms,
    targets: (platforms ?? [usualForeign()]).flatMap((platform) =>
      orNone(emulator).flatMap((each) =>
        orNone(cpu).map((model) => ({ platform, emulator: each, cpu: model })),
      ),
    ),
    workloads: readWorkloads(values.workload ?? ['all'], base !== undefined),
    base,
    samples: Number(samples),
    form: json ? 'json' : markdown ? 'markdown' : 'table',
    svg: values.svg,
    progress: values.quiet ? 'quiet' : readProgress(values.progress),
    offline: isOffline(values.offline),
  };
}

type Values = ReturnType<typeof parseWords<typeof benchFlags>>['values'];

function readProgress(word = 'auto'): BenchRequest['progress'] {
  if (word === 'auto' || word === 'rawjson' || word === 'quiet') return word;
  throw usage(`invalid progress \`${word}\`: expected auto, rawjson or quiet`);
}

function readMode(values: Values): BenchRequest['mode'] {
  const { emulators, keep, build, history, cpu = [] } = values;
  const measuring = (
    ['emulators', 'build', 'platform', 'workload', 'base', 'samples', 'svg'] as const
  ).filter((name) => values[name] !== undefined);
  if (history && measuring.length > 0)
    throw usage(
      `\`--history\` only shows what was measured before: not with \`--${measuring[0]}\``,
    );
  if (emulators && build !== undefined)
    throw usage('`--emulators` and `--build` exclude each other');
  if (keep && !emulators) throw usage('`--keep` keeps what `--emulators` recommends: give both');
  if (build !== undefined && values.platform)
    throw usage('`--build` measures what that build emulated: not with `--platform`');
  if (history) return { kind: 'history' };
  if (emulators) return { kind: 'emulators', keep: keep ?? false, models: cpu };
  if (build !== undefined) return { kind: 'build', context: realPath(build) };
  return { kind: 'targets' };
}

function readPlatforms(lists: string[] | undefined): Platform[] | undefined {
  const words = lists?.flatMap((list) => list.split(','));
  return words?.map((word) => normalizePlatform(parsePlatform(word)));
}

function readWorkloads(lists: string[], hasBase: boolean): Workload[] {
  const known: Workload[] = [...programs, ...steps];
  const chosen = new Set<Workload>();
  for (const word of lists.flatMap((list) => list.split(','))) {
    const found =
      word === 'all'
        ? programs
        : word === 'steps'
          ? steps
          : known.filter(({ name }) => name === word);
    if (found.length === 0)
      throw usage(
        `unknown workload \`${word}\`: expected all, steps or ${known.map(({ name }) => name).join(', ')}`,
      );
    for (const workload of found) chosen.add(workload);
  }
  if (!hasBase && [...chosen].some(({ kind }) => kind === 'step'))
    throw usage('steps need an image to run on: `--base oci-layout://DIR[:TAG]`');
  return [...chosen];
}

function readBase(url: string): ImageSource & { path: string } {
  if (!url.startsWith('oci-layout://'))
    throw usage(`invalid base \`${url}\`: expected oci-layout://DIR[:TAG]`);
  const { folder, reference } = parseLayoutUrl(url);
  return { kind: 'folder', path: realPath(folder), ...(reference ? { reference } : {}) };
}

function usualForeign(): Platform {
  return { os: 'linux', architecture: hostPlatform().architecture === 'arm64' ? 'amd64' : 'arm64' };
}

function orNone(words: string[]): (string | undefined)[] {
  return words.length > 0 ? words : [undefined];
}

function realPath(path: string): string {
  const real = hostPath(path);
  if (statSync(real, { throwIfNoEntry: false })?.isDirectory()) return real;
  throw new MpkitError('not-found', `\`${path}\` is no folder`);
}
