/** A file system to run a command on: a variant of an image, or a plain folder. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRunners, type Scratch, stubLayer } from '../emulator/index.ts';
import { MpkitError } from '../errors.ts';
import { detachedOverlay, type OverlayLayers } from '../overlay.ts';
import type { Platform } from '../platform.ts';
import type { Emit } from './events.ts';
import {
  type Blobs,
  environmentOf,
  type ImageConfig,
  type ImageSource,
  type Layout,
  openArchive,
  openBlobs,
  openLayout,
  openStored,
  resolveImage,
} from './image/index.ts';
import { openJournal, openLayers, snapshotMounts } from './snapshot/index.ts';
import { openCache, unpackImage } from './solve/index.ts';

export interface RunnableRoot {
  /** Writable; changes vanish with the run. The caller closes it. */
  rootFd: number;
  platform: Platform;
  /** What the image says about how to run it; empty for a plain folder. */
  environment: Map<string, string>;
  directory: string;
  user: string;
  command: string[];
}

/** Unpacks the variant of `source` for `platform` once; later runs start at once. */
export async function imageRoot(options: {
  root: string;
  scratch: Scratch;
  source: ImageSource;
  platform: Platform;
  emit: Emit;
  signal: AbortSignal;
}): Promise<RunnableRoot> {
  const { root, scratch, emit, signal, platform } = options;
  const blobs = await openBlobs(root, scratch.make('blobs'));
  const layout = await openSource(options.source, blobs);
  const resolved = await resolveImage(layout, platform);
  const journal = openJournal(root, scratch.folder);
  const layers = openLayers(root, journal, scratch);
  const mounts = snapshotMounts(root, { layers, scratch });
  const executor = {
    root,
    scratch,
    layers,
    mounts,
    emit,
    signal,
    blobs,
    cache: openCache(root, { journal, layers }),
    runners: createRunners({ root, scratch, offline: true, onProgress: () => {} }),
    fileSource: () => {
      throw new Error('a run copies nothing');
    },
    image: () => ({ layout, resolved }),
    proxies: [],
    noCache: false,
    singleId: process.env.MPKIT_IDS === 'single',
  };
  const manifest = resolved.descriptor.digest;
  const op = { kind: 'image' as const, context: '', manifest, platform };
  const snapshot = await unpackImage(op, executor);
  journal.sync();
  return {
    rootFd: mounts.writable(snapshot, { stub: true }).rootFd,
    platform: resolved.platform,
    ...runtimeOf(resolved.config),
  };
}

function openSource(source: ImageSource, blobs: Blobs): Promise<Layout> {
  if (source.kind === 'stored') return openStored(blobs, source.digest);
  const open = source.kind === 'archive' ? openArchive : openLayout;
  return open(source.path, source.reference);
}

/** A folder of the caller's as lowest layer: nothing in it changes. */
export function folderRoot(options: {
  root: string;
  scratch: Scratch;
  folder: string;
  platform: Platform;
}): RunnableRoot {
  const place = options.scratch.makeWritable('layer');
  const [folder, work] = [join(place, 'fs'), join(place, 'work')];
  for (const each of [folder, work]) mkdirSync(each);
  chmodSync(folder, 0o755);
  const lower = [options.folder, stubLayer(options.root)];
  return {
    rootFd: overlayOf(options.folder, { lower, upper: { folder, work } }),
    platform: options.platform,
    environment: new Map(),
    directory: '/',
    user: '',
    command: [],
  };
}

/** Throws `invalid-input` naming the folder where the kernel does not take it as a layer. */
function overlayOf(folder: string, layers: OverlayLayers): number {
  try {
    return detachedOverlay(layers);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new MpkitError('invalid-input', `\`${folder}\` cannot be the root of a run: ${code}`, {
      hint: 'the state folder must not lie in it: choose another one with `--root`',
      cause: error,
    });
  }
}

function runtimeOf(config: ImageConfig) {
  const { Entrypoint, Cmd, WorkingDir, User } = config.config ?? {};
  return {
    environment: environmentOf(config),
    directory: WorkingDir || '/',
    user: User ?? '',
    command: [...(Entrypoint ?? []), ...(Cmd ?? [])],
  };
}
