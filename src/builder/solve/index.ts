/**
 * Executes the graph: independent vertices and platforms at once, each shared vertex once, nothing
 * that the cache knows. Owns keys, cache and order; knows nothing of Dockerfiles.
 */
import { closeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { withLock } from '../../emulator/index.ts';
import { ioError, MpkitError } from '../../errors.ts';
import { createPause, requireRunning } from '../../pause.ts';
import { hashLayer, writeLayer } from '../image/index.ts';
import { digestOf, type Vertex } from '../plan/index.ts';
import type { Snapshot, SnapshotLayer } from '../snapshot/index.ts';
import { lockTimeout, unpackImage } from './base-image.ts';
import { copyWork } from './copy.ts';
import type { Executor, Work } from './executor.ts';
import { createLimit, type Limit } from './limit.ts';
import { runWork } from './run.ts';
import { workdirWork } from './workdir.ts';

export { unpackImage } from './base-image.ts';
export { contentMemory, openCache, type StepCache } from './cache.ts';
export type { Executor } from './executor.ts';

export interface Solver {
  /** The file system that `vertex` gives; solved once, however often it is asked for. */
  solve: (vertex: Vertex) => Promise<Snapshot>;
}

/** `exported`: digests of vertices whose layers go into an image, so are compressed at once. */
export function createSolver(executor: Executor, exported: ReadonlySet<string>): Solver {
  const solved = new Map<string, Promise<Snapshot>>();
  const limit = createLimit(Math.max(2, availableParallelism()));
  const solve = (vertex: Vertex): Promise<Snapshot> => {
    const known = solved.get(vertex.digest);
    if (known) return known;
    const promise = solveVertex(vertex, { executor, exported, solve, limit });
    solved.set(vertex.digest, promise);
    return promise;
  };
  return { solve };
}

interface Solving {
  executor: Executor;
  exported: ReadonlySet<string>;
  solve: (vertex: Vertex) => Promise<Snapshot>;
  /** For what keeps a CPU busy; nobody waits for a lock in there. */
  limit: Limit;
}

async function solveVertex(vertex: Vertex, solving: Solving): Promise<Snapshot> {
  const { executor, solve, limit } = solving;
  const inputs = await settle(vertex.inputs.map(solve));
  requireRunning(executor.signal);
  try {
    if (vertex.op.kind === 'scratch') return [];
    if (vertex.op.kind === 'image') return await solveImage(vertex, executor, limit);
    return await solveStep(vertex, inputs, solving);
  } catch (error) {
    throw reported(error, vertex, executor);
  }
}

/** Waits for all, so that nothing goes on in the dark when one has failed. */
async function settle<T>(promises: Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return Promise.all(promises);
}

async function solveImage(vertex: Vertex, executor: Executor, limit: Limit): Promise<Snapshot> {
  const { label, op } = vertex;
  if (op.kind !== 'image') return [];
  let isFresh = false;
  const fresh = () => {
    if (!isFresh) executor.emit({ type: 'started', vertex: label, at: Date.now() });
    isFresh = true;
  };
  const snapshot = await unpackImage(op, executor, { fresh, limit });
  executor.emit(
    isFresh ? { type: 'done', vertex: label, at: Date.now() } : { type: 'cached', vertex: label },
  );
  return snapshot;
}

async function solveStep(vertex: Vertex, inputs: Snapshot[], solving: Solving): Promise<Snapshot> {
  const { executor, limit } = solving;
  const parent = inputs[0] ?? [];
  const work = await limit(async () => workOf(vertex, inputs, executor));
  try {
    const key = digestOf(work.key);
    const cached = executor.noCache ? undefined : executor.cache.find(key);
    if (cached) {
      executor.emit({ type: 'cached', vertex: vertex.label });
      return [...parent, cached];
    }
    const { signal } = executor;
    const lock = { how: 'exclusive', timeout: lockTimeout, signal, isTransient: true } as const;
    const layer = await withLock(executor.cache.lockFile(key), lock, async () => {
      const meanwhile = executor.noCache ? undefined : executor.cache.find(key);
      if (meanwhile) {
        executor.emit({ type: 'cached', vertex: vertex.label });
        return meanwhile;
      }
      return limit(async () => {
        // what was waited for is no part of the step
        executor.emit({ type: 'started', vertex: vertex.label, at: Date.now() });
        const made = await perform(vertex, { work, key, inputs }, solving);
        executor.emit({ type: 'done', vertex: vertex.label, at: Date.now() });
        return made;
      });
    });
    return [...parent, layer];
  } finally {
    work.close?.();
  }
}

function workOf(vertex: Vertex, inputs: Snapshot[], executor: Executor): Work | Promise<Work> {
  switch (vertex.op.kind) {
    case 'run':
      return runWork(vertex, vertex.op, inputs, executor);
    case 'copy':
      return copyWork(vertex.op, inputs, executor);
    case 'workdir':
      return workdirWork(vertex.op, inputs);
    default:
      throw new Error(`no step: ${vertex.op.kind}`);
  }
}

async function perform(
  vertex: Vertex,
  { work, key, inputs }: { work: Work; key: string; inputs: Snapshot[] },
  { executor, exported }: Solving,
): Promise<SnapshotLayer> {
  const [parent = [], ...others] = inputs;
  for (const other of others) executor.layers.requireUnchanged(other);
  const mount = executor.mounts.writable(parent, { stub: work.stub ?? false });
  let made: unknown;
  try {
    made = await work.perform(mount);
  } finally {
    closeSync(mount.rootFd);
  }
  const epoch = 'epoch' in vertex.op ? vertex.op.epoch : undefined;
  const layer = await describeLayer(mount.folder, {
    executor,
    epoch,
    compressed: exported.has(vertex.digest),
  });
  const committed = await executor.layers.commit(mount.folder, layer);
  executor.cache.put(made === undefined ? key : digestOf(made), committed);
  return committed;
}

async function describeLayer(
  folder: string,
  options: { executor: Executor; epoch: number | undefined; compressed: boolean },
): Promise<SnapshotLayer> {
  const { executor, epoch, compressed } = options;
  const pause = createPause(executor.signal);
  if (!compressed) return hashLayer(folder, { epoch, pause });
  const layer = await writeLayer(folder, { blobs: executor.blobs, epoch, pause });
  const { diffId, uncompressedSize, mediaType, digest, size } = layer;
  return { diffId, uncompressedSize, blob: { mediaType, digest, size } };
}

/** The step's place and name are added; what was only stopped is not shown as failed. */
function reported(error: unknown, vertex: Vertex, executor: Executor): unknown {
  const known = error instanceof Error && 'code' in error ? ioErrorOf(error, vertex) : error;
  if (!(known instanceof MpkitError)) return known;
  known.location ??= vertex.label.location;
  known.step ??= `${vertex.label.platform} ${vertex.label.step}`;
  if (shown.has(known)) return known;
  shown.add(known);
  if (executor.signal.aborted || known.code === 'interrupted')
    executor.emit({ type: 'canceled', vertex: vertex.label });
  else
    executor.emit({ type: 'failed', vertex: vertex.label, message: known.message, at: Date.now() });
  return known;
}

const shown = new WeakSet<MpkitError>();

function ioErrorOf(error: Error, vertex: Vertex): MpkitError {
  if (error.name === 'AbortError') return new MpkitError('interrupted', 'interrupted');
  return ioError(error, `executing \`${vertex.label.text}\``);
}
