/** Plans stages for one target platform, each at most once, only those that are needed. */
import { MpkitError } from '../../errors.ts';
import { hostPlatform, normalizePlatform, type Platform } from '../../platform.ts';
import { expandWord, type Stage, type Stages } from '../dockerfile/index.ts';
import { contextState, type Label, scratchState, stagePlatform, unknownBase } from './base.ts';
import type { Faults } from './faults.ts';
import { findStage, sourceStage } from './find-stage.ts';
import type { PlanInput } from './input.ts';
import { applyInstruction, type StageContext } from './instructions.ts';
import { labeller } from './labeller.ts';
import { automaticArgs, copyScope, type OuterValues } from './scope.ts';
import { forkState, type StageState } from './stage-state.ts';
import type { Vertex } from './vertex.ts';

interface Planning {
  input: PlanInput;
  stages: Stages;
  /** The platform that is asked for. */
  target: Platform;
  /** The one that the log names as what comes out. */
  shown: Platform;
  faults: Faults;
}

/** Plans `last` and what it needs. What is wrong is left out, and told to `faults`. */
export async function planStages(planning: Planning, last: Stage): Promise<StageState> {
  const planned = new Map<number, StageState>();
  const outer = await outerValues(planning, last.name ?? 'default');
  const planner: Planner = async (stage) => {
    const known = planned.get(stage.index);
    if (known) return known;
    const state = await planStage(stage, { ...planning, outer, planner });
    planned.set(stage.index, state);
    return state;
  };
  return planner(last);
}

type Planner = (stage: Stage) => Promise<StageState>;

interface StagePlanning extends Planning {
  outer: OuterValues;
  planner: Planner;
}

async function outerValues(
  { input, stages, target, faults }: Planning,
  targetName: string,
): Promise<OuterValues> {
  const { buildArgs } = input;
  const { escape: escapeChar } = input.dockerfile;
  const automatic = automaticArgs(hostPlatform(), normalizePlatform(target), targetName);
  const globals = new Map<string, string>();
  const lookup = (name: string) => globals.get(name) ?? automatic.get(name);
  for (const instruction of stages.globalArgs)
    await faults.attempt(instruction, () => {
      for (const { name, default: fallback } of instruction.args) {
        const given = buildArgs.get(name);
        const value =
          given ?? (fallback === undefined ? undefined : expandWord(fallback, lookup, escapeChar));
        if (value !== undefined) globals.set(name, value);
      }
    });
  return { buildArgs, globals, automatic };
}

async function planStage(stage: Stage, planning: StagePlanning): Promise<StageState> {
  const { input, outer, target, shown, faults } = planning;
  const { escape: escapeChar } = input.dockerfile;
  const fromScope = (name: string) =>
    outer.buildArgs.get(name) ?? outer.globals.get(name) ?? outer.automatic.get(name);
  const asked = normalizePlatform(target);
  const platformWord = stage.from.platform;
  const named = await faults.attempt(stage.from, () =>
    stagePlatform(platformWord && expandWord(platformWord, fromScope, escapeChar), asked),
  );
  const platform = named ?? asked;
  const label = labeller(stage, platform, shown);
  const base = await faults.attempt(stage.from, () => {
    const image = expandWord(stage.from.image, fromScope, escapeChar);
    return baseState(image, stage, { ...planning, platform, label });
  });
  const state = base ?? scratchState(platform, label);
  const context: StageContext = {
    outer,
    escape: escapeChar,
    epoch: input.epoch,
    network: input.network,
    label,
    copySource: (from) => copySource(from, stage, planning),
  };
  for (const instruction of stage.instructions)
    await faults.attempt(instruction, () =>
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
  { input, stages, planner, target, shown }: StagePlanning,
): Promise<Vertex | { context: string }> {
  if (from === undefined) return { context: '' };
  const kind = input.contexts.kind(from);
  if (kind === 'folder') return { context: from };
  if (kind === 'image') {
    const label = labeller(stage, target, shown);
    const resolver = input.contexts;
    return (await contextState(from, { platform: target, label, resolver })).vertex;
  }
  return (await planner(sourceStage(from, stage, stages))).vertex;
}
