import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busyboxBase, emulatorState } from '../../helpers/fixtures.ts';
import { type Outcome, type Project, project, type RunOptions } from '../../helpers/mpkit.ts';
import type { TestUser } from '../../helpers/users.ts';

/** A project with emulators and a base image, and what its builds give. */
export interface Workplace extends Project {
  /** The base image's layout; a build knows it as `base`. */
  base: string;
  /** Writes Dockerfile and files into a context of its own and builds it. */
  build(spec: Spec, options?: RunOptions): Promise<Built>;
}

export interface Spec {
  dockerfile: string;
  files?: Record<string, string>;
  args?: string[];
  /** Folder of the context in the project; a new one unless told. */
  context?: string;
}

export interface Built extends Outcome {
  /** The context, relative to the project. */
  context: string;
  /** The OCI layout that was written, if any. */
  out: string;
  /** Reads one variant; the only one without `platform`. */
  image(platform?: string): Image;
}

export interface Image {
  manifest: Json;
  /** The whole configuration document. */
  config: Json;
  /** One path → entry map per layer, the lowest first. */
  layers: Map<string, Entry>[];
  /** What the topmost layer that has `path` says of it; a line of `tar -tv`. */
  entry(path: string): string | undefined;
  text(path: string): string | undefined;
}

/** `mode owner/group`, and ` -> target` or ` link to name`. */
type Entry = string;

// biome-ignore lint/suspicious/noExplicitAny: documents that the tests look into freely
export type Json = any;

export function workplace(user?: TestUser): Workplace {
  const made = project({}, user);
  emulatorState(made, user);
  const base = busyboxBase(made);
  let count = 0;
  const build = async (spec: Spec, options?: RunOptions) => {
    const context = spec.context ?? `context-${++count}`;
    made.write({ [`${context}/Dockerfile`]: spec.dockerfile, ...under(context, spec.files ?? {}) });
    const out = join(made.folder, `${context}-out`);
    const words = ['--build-context', `base=oci-layout://${base}`, ...(spec.args ?? [])];
    const output = spec.args?.some((word) => /^(-o|--output)/.test(word))
      ? []
      : ['-o', `type=oci,dest=${out},tar=false`];
    const outcome = await made.mpkit(['build', ...words, ...output, context], options);
    return { ...outcome, context, out, image: (platform?: string) => readImage(out, platform) };
  };
  return { ...made, base, build };
}

/** The output of the steps, without numbers, places and times. */
export function stepOutput(stderr: string): string[] {
  return [...stderr.matchAll(/^#\d+ \[[^\]]*\] \d+\.\d (.*)$/gm)].map(([, text]) => text as string);
}

/** What `mpkit` says at the end, without a set-up that it may have done before. */
export function errorText(stderr: string): string {
  const at = stderr.search(/^mpkit: (?!bundling|compiling|waiting for the set-up)/m);
  return at < 0 ? '' : stderr.slice(at);
}

/** The steps that a build took from its cache and those that it executed, by their text. */
export function steps(stderr: string): { cached: string[]; done: string[] } {
  const names = new Map(
    [...stderr.matchAll(/^#(\d+) \[([^\]]*)\] (?!\d+\.\d )(.*)$/gm)].map(([, number, , text]) => [
      number as string,
      text as string,
    ]),
  );
  const ended = (how: string) =>
    [...stderr.matchAll(new RegExp(`^#(\\d+) ${how}`, 'gm'))].map(
      ([, number]) => names.get(number as string) ?? '?',
    );
  return { cached: ended('CACHED'), done: ended('DONE') };
}

/** The plain manifest of a layout, or its variant for `platform` (`linux/arm64`). */
export function readImage(layout: string, platform?: string): Image {
  const [first] = readJson(layout, 'index.json').manifests;
  const entries: Json[] = first.mediaType.includes('index')
    ? readBlob(layout, first.digest).manifests
    : [first];
  const chosen = platform
    ? entries.find((each) => nameOf(each.platform) === platform)
    : entries.length === 1
      ? entries[0]
      : undefined;
  if (!chosen) throw new Error(`no variant ${platform} in ${layout}`);
  const manifest = readBlob(layout, chosen.digest);
  const files: string[] = manifest.layers.map((each: Json) => blobFile(layout, each.digest));
  const layers = files.map(listing);
  const top = (path: string) => layers.findLastIndex((layer) => layer.has(path));
  return {
    manifest,
    config: readBlob(layout, manifest.config.digest),
    layers,
    entry: (path) => layers[top(path)]?.get(path),
    text: (path) => {
      const file = files[top(path)];
      return file && execFileSync('tar', ['-xOf', file, path], { encoding: 'utf8' });
    },
  };
}

/** A copy of a layout's variant for this CPU whose configuration `edit` has changed. */
export function editedLayout(from: string, to: string, edit: (config: Json) => void): string {
  const { manifest, config } = readImage(from, 'linux/amd64');
  edit(config);
  cpSync(from, to, { recursive: true });
  const put = (document: object, mediaType: string) => {
    const text = JSON.stringify(document);
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    writeFileSync(blobFile(to, digest), text);
    return { mediaType, digest, size: Buffer.byteLength(text) };
  };
  const changed = { ...manifest, config: put(config, manifest.config.mediaType) };
  writeFileSync(
    join(to, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [put(changed, manifest.mediaType)] }),
  );
  return to;
}

export function readJson(layout: string, name: string): Json {
  return JSON.parse(readFileSync(join(layout, name), 'utf8'));
}

export function readBlob(layout: string, digest: string): Json {
  return JSON.parse(readFileSync(blobFile(layout, digest), 'utf8'));
}

export function blobFile(layout: string, digest: string): string {
  return join(layout, 'blobs', digest.replace(':', '/'));
}

function listing(file: string): Map<string, Entry> {
  const text = execFileSync('tar', ['-tvf', file, '--numeric-owner'], { encoding: 'utf8' });
  const found = new Map<string, Entry>();
  for (const line of text.split('\n').filter(Boolean)) {
    const match = /^(\S+) (\S+) +\S+ \S+ \S+ (.*?)\/?( -> .*| link to .*)?$/.exec(line);
    if (match) found.set(match[3] as string, `${match[1]} ${match[2]}${match[4] ?? ''}`);
  }
  return found;
}

function nameOf({ os, architecture, variant }: Json): string {
  return [os, architecture, variant].filter(Boolean).join('/');
}

function under(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [join(folder, name), text]),
  );
}
