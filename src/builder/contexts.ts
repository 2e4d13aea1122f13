/** The build context and the named ones: opened once, images resolved once for each platform. */
import { fstatSync } from 'node:fs';
import { MpkitError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import {
  type ContentMemory,
  type FileSource,
  type KnownContent,
  knownContent,
  openFolderSource,
} from './context/index.ts';
import {
  inheritConfig,
  type Layout,
  openArchive,
  openLayout,
  type ResolvedImage,
  resolveImage,
} from './image/index.ts';
import type { BuildOptions, NamedContext } from './options.ts';
import type { ContextResolver, ImageDocument, ResolvedBase } from './plan/index.ts';

export interface Contexts extends ContextResolver {
  files: (name: string) => FileSource;
  resolved: (manifest: string) => { layout: Layout; resolved: ResolvedImage };
  /** Keeps for later builds what this one read. */
  save: () => void;
  close: () => void;
}

/** `openOwn` opens the build's own context, when it is asked for. */
export function openContexts(
  { contexts }: Pick<BuildOptions, 'contexts'>,
  openOwn: () => FileSource,
  memory: ContentMemory,
): Contexts {
  const sources = new Map<string, FileSource & { known: KnownContent }>();
  const layouts = new Map<string, Promise<Layout>>();
  const images = new Map<string, { layout: Layout; resolved: ResolvedImage }>();
  const find = (name: string) => contexts.get(name) ?? contexts.get(name.replace(/:latest$/, ''));
  const layoutOf = (name: string) => {
    const named = find(name);
    if (named?.kind !== 'image') throw new Error(`no image context ${name}`);
    const open = named.archive ? openArchive : openLayout;
    const known = layouts.get(name) ?? open(named.folder, named.reference);
    layouts.set(name, known);
    return known;
  };
  return {
    kind: (name) => find(name)?.kind,
    image: async (name, platform) => {
      const layout = await layoutOf(name);
      const resolved = await resolveImage(layout, platform);
      images.set(resolved.descriptor.digest, { layout, resolved });
      return asBase(resolved, platform);
    },
    files: (name) => {
      const known = sources.get(name);
      if (known) return known;
      const opened = name === '' ? openOwn() : openNamed(name, find(name));
      const before = opened.isPassing ? [] : memory.read(contextOf(opened));
      const source = { ...opened, known: knownContent(before) };
      sources.set(name, source);
      return source;
    },
    resolved: (manifest) => {
      const image = images.get(manifest);
      if (!image) throw new MpkitError('not-found', `image \`${manifest}\` was not resolved`);
      return image;
    },
    save: () => {
      for (const source of sources.values()) {
        const learned = source.isPassing ? undefined : source.known.learned();
        try {
          if (learned) memory.write(contextOf(source), learned);
        } catch {
          // a full disk must not hide why the build failed; what is not kept is read again
        }
      }
    },
    close: () => {
      for (const source of sources.values()) source.close();
    },
  };
}

/** Its folder: two names of one share what is known. */
function contextOf({ rootFd }: FileSource): unknown {
  const { dev, ino } = fstatSync(rootFd);
  return ['context', dev, ino];
}

/** The plan asks only for names that `kind` said are folders. */
function openNamed(name: string, named: NamedContext | undefined): FileSource {
  if (named?.kind !== 'folder') throw new Error(`no folder context ${name}`);
  return openFolderSource(named.path);
}

function asBase(resolved: ResolvedImage, platform: Platform): ResolvedBase {
  const config = structuredClone(inheritConfig(resolved.config, platform));
  return {
    manifest: resolved.descriptor.digest,
    platform: resolved.platform,
    image: {
      ...config,
      config: { ...config.config, OnBuild: onBuildOf(resolved) },
    } as ImageDocument,
    history: (config.history ?? []) as ResolvedBase['history'],
  };
}

function onBuildOf({ config }: ResolvedImage): string[] {
  return config.config?.OnBuild ?? [];
}
