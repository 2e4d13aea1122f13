/** FROM: what a stage starts from. */
import { MpkitError } from '../../errors.ts';
import { normalizePlatform, type Platform, parsePlatform } from '../../platform.ts';
import type { FromInstruction } from '../dockerfile/index.ts';
import { emptyScope, setEnv } from './scope.ts';
import {
  defaultPath,
  defaultShell,
  environmentOf,
  type HistoryRow,
  type ImageDocument,
  type StageState,
} from './stage-state.ts';
import { makeVertex, type Vertex } from './vertex.ts';

/** What the resolver answers for a base image: its configuration and where it comes from. */
export interface ResolvedBase {
  manifest: string;
  /** The platform that the index offered; not always the one that was asked for. */
  platform: Platform;
  image: ImageDocument;
  history: HistoryRow[];
}

/** Named contexts, the only images of this version; injected so that planning does no I/O. */
export interface ContextResolver {
  /** undefined: no such context. `folder`: files; `image`: an OCI layout. */
  kind: (name: string) => 'folder' | 'image' | undefined;
  image: (name: string, platform: Platform) => Promise<ResolvedBase>;
}

export type Label = (text: string) => Omit<Vertex['label'], 'id'>;

export function scratchState(platform: Platform, label: Label): StageState {
  return {
    platform,
    vertex: makeVertex({ kind: 'scratch' }, [], label('FROM scratch')),
    image: { config: { Env: [`PATH=${defaultPath}`], WorkingDir: '/' } },
    history: [],
    scope: withEnvironment([['PATH', defaultPath]]),
    shell: [...defaultShell],
    ownCommand: false,
  };
}

/** A stage on an image of a named context, or on a plain folder's files. */
export async function contextState(
  name: string,
  { platform, label, resolver }: { platform: Platform; label: Label; resolver: ContextResolver },
): Promise<StageState> {
  const text = `FROM ${name}`;
  if (resolver.kind(name) === 'folder') return folderState(name, platform, label);
  const base = await resolver.image(name, platform);
  if (base.image.config.OnBuild?.length)
    throw new MpkitError(
      'not-supported',
      `base \`${name}\` has ONBUILD triggers, which mpkit does not run yet`,
    );
  const { config } = base.image;
  if (!config.Env?.some((entry) => entry.startsWith('PATH=')))
    config.Env = [...(config.Env ?? []), `PATH=${defaultPath}`];
  return {
    platform,
    vertex: makeVertex(
      { kind: 'image', context: name, manifest: base.manifest, platform },
      [],
      label(text),
    ),
    image: base.image,
    history: base.history,
    scope: withEnvironment(environmentOf(config)),
    shell: config.Shell ?? [...defaultShell],
    ownCommand: false,
  };
}

/** `FROM --platform=…`, expanded; the build's own target where there is none. */
export function stagePlatform(word: string | undefined, target: Platform): Platform {
  if (word === undefined) return target;
  if (word === '')
    throw new MpkitError('dockerfile-syntax', 'empty platform in `FROM --platform`', {
      hint: 'BUILDPLATFORM and TARGETPLATFORM are set here; other names need an ARG before the first FROM',
    });
  return normalizePlatform(parsePlatform(word));
}

export function unknownBase(name: string, from: FromInstruction, known: string[]): MpkitError {
  const contexts =
    known.length > 0 ? ` (known: ${known.map((each) => `\`${each}\``).join(', ')})` : '';
  return new MpkitError('not-found', `no stage and no named context \`${name}\`${contexts}`, {
    hint: `pass it as \`--build-context ${name}=oci-layout://DIR\`: images are not pulled from registries yet`,
    location: from.location,
  });
}

function folderState(name: string, platform: Platform, label: Label): StageState {
  const state = scratchState(platform, label);
  const op = {
    kind: 'copy' as const,
    sources: ['/'],
    destination: '/',
    from: { context: name },
    chown: undefined,
    chmod: undefined,
    epoch: undefined,
  };
  state.vertex = makeVertex(op, [state.vertex], label(`FROM ${name}`));
  state.history.push({ created_by: `FROM ${name}` });
  return state;
}

function withEnvironment(pairs: [string, string][]) {
  const scope = emptyScope();
  for (const [name, value] of pairs) setEnv(scope, name, value);
  return scope;
}
