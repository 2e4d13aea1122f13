/**
 * Turns stages into the graph of vertices for each platform. Owns the meaning of instructions;
 * does no I/O but through the resolver it is given, and executes nothing.
 */
import { formatPlatform, type Platform } from '../../platform.ts';
import { readStages } from '../dockerfile/index.ts';
import { collectFaults } from './faults.ts';
import { findTarget } from './find-stage.ts';
import type { PlanInput } from './input.ts';
import { planStages } from './planner.ts';
import type { StageState } from './stage-state.ts';
import type { Vertex } from './vertex.ts';

export type { ContextResolver, ResolvedBase } from './base.ts';
export type { PlanInput } from './input.ts';
export { proxyNames } from './scope.ts';
export type { HistoryRow, ImageDocument, RuntimeConfig } from './stage-state.ts';
export { unusedArgs } from './unused-args.ts';
export {
  allVertices,
  type CopyOp,
  digestOf,
  type ImageOp,
  type Op,
  type RunOp,
  type Vertex,
  type WorkdirOp,
} from './vertex.ts';

export interface PlannedImage {
  platform: Platform;
  vertex: Vertex;
  state: StageState;
}

/**
 * One image for each platform, in the order asked for. Throws the first fault of the Dockerfile, with
 * all others beside it.
 */
export async function planBuild(input: PlanInput): Promise<PlannedImage[]> {
  const stages = readStages(input.dockerfile);
  const faults = collectFaults(stages.faults);
  if (stages.stages.length === 0) faults.throwAny();
  const named = await faults.attempt(undefined, () => findTarget(stages, input.target));
  const target = named ?? stages.stages.at(-1)!;
  const planFor = (platform: Platform, shown: Platform) =>
    planStages({ input, stages, target: platform, shown, faults }, target);
  const images: PlannedImage[] = [];
  for (const platform of input.platforms) {
    let state = await planFor(platform, platform);
    const own = input.arePlatformsImplicit ? state.platform : platform;
    // what the log says of a step names the image that comes out
    if (formatPlatform(own) !== formatPlatform(platform)) state = await planFor(platform, own);
    images.push({ platform: own, vertex: state.vertex, state });
  }
  faults.throwAny();
  return images;
}
