/**
 * Turns stages into the graph of vertices for each platform. Owns the meaning of instructions;
 * does no I/O but through the resolver it is given, and executes nothing.
 */
import { MpkitError } from '../../errors.ts';
import { formatPlatform, hostPlatform, normalizePlatform, type Platform } from '../../platform.ts';
import {
  type Dockerfile,
  expandWord,
  readStages,
  type Stage,
  type Stages,
} from '../dockerfile/index.ts';
import {
  type ContextResolver,
  contextState,
  type Label,
  scratchState,
  stagePlatform,
  unknownBase,
} from './base.ts';
import { applyInstruction, type StageContext } from './instructions.ts';
import { automaticArgs, copyScope, type OuterValues } from './scope.ts';
import { forkState, type StageState } from './stage-state.ts';
import type { Vertex } from './vertex.ts';

export type { ContextResolver, ResolvedBase } from './base.ts';
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

export interface PlanInput {
  dockerfile: Dockerfile;
  platforms: Platform[];
  /** Nobody named the platforms: a last stage that names its own decides what the image is. */
  arePlatformsImplicit?: boolean;
  /** Name of the stage to build; the last one without it. */
  target?: string | undefined;
  buildArgs: ReadonlyMap<string, string>;
  network: 'default' | 'none' | 'host';
  /** SOURCE_DATE_EPOCH in seconds; undefined keeps real times. */
  epoch: number | undefined;
  contexts: ContextResolver;
  contextNames: string[];
}

export interface PlannedImage {
  platform: Platform;
  vertex: Vertex;
  state: StageState;
}

/** One image for each platform, in the order asked for. */
export async function planBuild(input: PlanInput): Promise<PlannedImage[]> {
  const stages = readStages(input.dockerfile);
  const target = findTarget(stages, input.target);
  const images: PlannedImage[] = [];
  for (const platform of input.platforms) {
    const planner = createPlanner(input, stages, platform, target.name ?? 'default');
    const state = await planner(target);
    const own = input.arePlatformsImplicit ? state.platform : platform;
    images.push({ platform: own, vertex: state.vertex, state });
  }
  return images;
}

type Planner = (stage: Stage) => Promise<StageState>;

/** Plans stages for one target platform, each at most once, only those that are needed. */
function createPlanner(
  input: PlanInput,
  stages: Stages,
  target: Platform,
  targetName: string,
): Planner {
  const { buildArgs } = input;
  const automatic = automaticArgs(hostPlatform(), normalizePlatform(target), targetName);
  const globals = globalValues(stages, { buildArgs, automatic }, input.dockerfile.escape);
  const outer: OuterValues = { buildArgs, globals, automatic };
  const planned = new Map<number, StageState>();
  const planner: Planner = async (stage) => {
    const known = planned.get(stage.index);
    if (known) return known;
    const state = await located(stage.from.location, () =>
      planStage(stage, { input, stages, target, outer, planner }),
    );
    planned.set(stage.index, state);
    return state;
  };
  return planner;
}

interface StagePlanning {
  input: PlanInput;
  stages: Stages;
  target: Platform;
  outer: OuterValues;
  planner: Planner;
}

async function planStage(stage: Stage, planning: StagePlanning): Promise<StageState> {
  const { input, outer, target } = planning;
  const { escape: escapeChar } = input.dockerfile;
  const fromScope = (name: string) =>
    outer.buildArgs.get(name) ?? outer.globals.get(name) ?? outer.automatic.get(name);
  const image = expandWord(stage.from.image, fromScope, escapeChar);
  const platformWord = stage.from.platform;
  const platform = stagePlatform(
    platformWord === undefined ? undefined : expandWord(platformWord, fromScope, escapeChar),
    normalizePlatform(target),
  );
  const label = labeller(stage, platform, target);
  const state = await baseState(image, stage, { ...planning, platform, label });
  const context: StageContext = {
    outer,
    escape: escapeChar,
    epoch: input.epoch,
    network: input.network,
    label,
    copySource: (from) => copySource(from, stage, planning),
  };
  for (const instruction of stage.instructions)
    await located(instruction.location, () =>
      applyInstruction(state, instruction, {
        ...context,
        label: (text) => ({ ...label(text), location: instruction.location }),
      }),
    );
  return state;
}

async function baseState(
  image: string,
  stage: Stage,
  planning: StagePlanning & { platform: Platform; label: Label },
): Promise<StageState> {
  const { input, stages, platform, label, planner } = planning;
  if (image === '')
    throw new MpkitError('dockerfile-syntax', 'FROM is empty after expanding its variables');
  if (input.contexts.kind(image))
    return contextState(image, { platform, label, resolver: input.contexts });
  const earlier = findStage(stages.stages.slice(0, stage.index), image);
  if (earlier) {
    const base = await planner(earlier);
    // everything of a stage is inherited, its ARGs too; CMD counts as the base's
    return { ...forkState(base), scope: copyScope(base.scope), ownCommand: false };
  }
  if (image === 'scratch') return scratchState(platform, label);
  throw unknownBase(image, stage.from, input.contextNames);
}

async function copySource(
  from: string | undefined,
  stage: Stage,
  { input, stages, planner, target }: StagePlanning,
): Promise<Vertex | { context: string }> {
  if (from === undefined) return { context: '' };
  const kind = input.contexts.kind(from);
  if (kind === 'folder') return { context: from };
  if (kind === 'image') {
    const label = labeller(stage, target, target);
    const resolver = input.contexts;
    return (await contextState(from, { platform: target, label, resolver })).vertex;
  }
  const source = /^\d+$/.test(from) ? stages.stages[Number(from)] : findStage(stages.stages, from);
  if (!source || source.index >= stage.index) {
    const names = stages.stages.slice(0, stage.index).flatMap(({ name }) => name ?? []);
    const why = source ? 'is defined later or is the stage itself' : 'is not known';
    throw new MpkitError('not-found', `stage or context \`${from}\` ${why}`, {
      hint: names.length > 0 ? `earlier stages: ${names.join(', ')}` : undefined,
    });
  }
  return (await planner(source)).vertex;
}

function globalValues(
  { globalArgs }: Stages,
  outer: Pick<OuterValues, 'buildArgs' | 'automatic'>,
  escapeChar: string,
): Map<string, string> {
  const values = new Map<string, string>();
  for (const { args } of globalArgs)
    for (const { name, default: fallback } of args) {
      const lookup = (each: string) => values.get(each) ?? outer.automatic.get(each);
      const given = outer.buildArgs.get(name);
      const value =
        given ?? (fallback === undefined ? undefined : expandWord(fallback, lookup, escapeChar));
      if (value !== undefined) values.set(name, value);
    }
  return values;
}

function findTarget({ stages }: Stages, name: string | undefined): Stage {
  if (name === undefined) return stages.at(-1)!;
  const stage = findStage(stages, name);
  if (stage) return stage;
  const names = stages.flatMap((each) => each.name ?? []);
  throw new MpkitError('not-found', `no stage \`${name}\` to build as target`, {
    hint:
      names.length > 0
        ? `stages of this Dockerfile: ${names.join(', ')}`
        : 'no stage here has a name',
  });
}

/** The last of several stages of one name hides the others. */
function findStage(stages: Stage[], name: string): Stage | undefined {
  return stages.findLast((stage) => stage.name === name.toLowerCase());
}

/** Numbers the steps that make layers, the base first. */
function labeller(stage: Stage, platform: Platform, target: Platform): Label {
  const counted = new Set(['run', 'copy', 'workdir']);
  const total = 1 + stage.instructions.filter(({ kind }) => counted.has(kind)).length;
  const own = formatPlatform(platform);
  const wanted = formatPlatform(normalizePlatform(target));
  let step = 0;
  return (text) => {
    step = Math.min(step + 1, total);
    return {
      platform: own === wanted ? own : `${own}->${wanted}`,
      step: `${stage.name ? `${stage.name} ` : ''}${step}/${total}`,
      text,
      location: stage.from.location,
    };
  };
}

/** Adds the instruction's place to an error that has none yet. */
async function located<T>(
  location: MpkitError['location'],
  action: () => T | Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof MpkitError) error.location ??= location;
    throw error;
  }
}
