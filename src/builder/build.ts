/** A build from Dockerfile to image: one paragraph, each sentence a folder. */
import { createRunners, openScratch } from '../emulator/index.ts';
import { type Contexts, openContexts } from './contexts.ts';
import type { Emit } from './events.ts';
import { writeOciLayout } from './export/oci-layout.ts';
import { openResults } from './export/unchanged.ts';
import { type BuiltImage, finishImage } from './finish.ts';
import { forecastNetworks, forecastPlan } from './forecast.ts';
import { openBlobs } from './image/index.ts';
import type { BuildOptions } from './options.ts';
import { type PlannedImage, planBuild, unusedArgs } from './plan/index.ts';
import { type Journal, openJournal, openLayers, snapshotMounts } from './snapshot/index.ts';
import { contentMemory, createSolver, type Executor, openCache } from './solve/index.ts';
import { openSources } from './sources.ts';

export interface BuildResult {
  /** In the order of the platforms asked for. */
  images: BuiltImage[];
  /** Of the index, or of the only image. */
  digest: string;
}

/** Runs inside the builder's namespace. Throws the first failure; finished steps are kept. */
export async function build(options: BuildOptions, emit: Emit): Promise<BuildResult> {
  const scratch = await openScratch(options.root, options.signal);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const journal = openJournal(options.root, scratch.folder);
  let contexts: Contexts | undefined;
  try {
    const { dockerfile, openContext } = await openSources(options.sources, { scratch, signal });
    contexts = openContexts(options, openContext, contentMemory(options.root, journal));
    const planned = await planBuild({
      ...options,
      dockerfile,
      contexts,
      contextNames: [...options.contexts.keys()],
    });
    for (const text of unusedArgs(dockerfile, options.buildArgs)) emit({ type: 'notice', text });
    const executor = await openExecutor(options, { scratch, contexts, journal, emit, signal });
    emit({ type: 'plan', platforms: await forecastPlan(planned, executor.runners) });
    for (const text of forecastNetworks(planned, scratch)) emit({ type: 'notice', text });
    if (options.limits) emit({ type: 'notice', text: `limits: ${options.limits}` });
    const images = await solveAll(planned, executor, { options, stop });
    process.umask(options.umask);
    return await writeOutputs(images, options, executor);
  } finally {
    contexts?.save();
    // who stops it does not wait for a slow disk; whatever uses the finished steps syncs them
    if (!options.signal.aborted) journal.sync();
    contexts?.close();
    scratch.remove();
  }
}

type Opened = Pick<Executor, 'scratch' | 'emit' | 'signal'> & {
  journal: Journal;
  contexts: Contexts;
};

async function openExecutor(options: BuildOptions, opened: Opened): Promise<Executor> {
  const { root, noCache, offline, proxies } = options;
  const { scratch, contexts, journal, emit, signal } = opened;
  const layers = openLayers(root, journal, scratch);
  const onProgress = (text: string) => emit({ type: 'notice', text });
  return {
    root,
    scratch,
    layers,
    mounts: snapshotMounts(root, { layers, scratch }),
    blobs: await openBlobs(root, scratch.make('blobs')),
    cache: openCache(root, { journal, layers }),
    runners: createRunners({ root, scratch, offline, onProgress, onTransfer: emit, signal }),
    fileSource: contexts.files,
    image: contexts.resolved,
    proxies,
    runTimeout: options.runTimeout,
    memory: options.memory,
    noCache,
    singleId: process.env.MPKIT_IDS === 'single',
    emit,
    signal,
  };
}

/** All platforms at once. The first failure stops the others; what they finished is kept. */
async function solveAll(
  planned: PlannedImage[],
  executor: Executor,
  { options, stop }: { options: BuildOptions; stop: AbortController },
): Promise<BuiltImage[]> {
  const solver = createSolver(executor, exportedVertices(planned));
  let first: unknown;
  const promises = planned.map(async (image) => {
    try {
      const snapshot = await solver.solve(image.vertex);
      return await finishImage(image, snapshot, { executor, epoch: options.epoch });
    } catch (error) {
      first ??= error;
      stop.abort();
      throw error;
    }
  });
  await Promise.allSettled(promises);
  if (first) throw first;
  return Promise.all(promises);
}

/** The chain of first inputs is what an image's layers come from. */
function exportedVertices(planned: PlannedImage[]): Set<string> {
  const exported = new Set<string>();
  for (const { vertex } of planned)
    for (let at = vertex as typeof vertex | undefined; at; at = at.inputs[0])
      exported.add(at.digest);
  return exported;
}

async function writeOutputs(
  images: BuiltImage[],
  options: BuildOptions,
  executor: Executor,
): Promise<BuildResult> {
  const { tags, epoch } = options;
  const { blobs, cache, emit, signal } = executor;
  const results = openResults(cache);
  const described = images.map((manifest) => ({ platform: manifest.platform, manifest }));
  let digest = images.length === 1 ? images[0]!.digest : '';
  for (const { dest, tar } of options.outputs) {
    const layout = {
      tar,
      images: described,
      tags,
      blobs,
      epoch,
      results,
      onTransfer: emit,
      signal,
    };
    digest = (await writeOciLayout(dest, layout)).digest;
  }
  return { images, digest };
}
