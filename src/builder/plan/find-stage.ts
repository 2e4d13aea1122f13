/** Which stage a name or a number means. Pure. */
import { MpkitError } from '../../errors.ts';
import type { Stage, Stages } from '../dockerfile/index.ts';

export function findTarget({ stages }: Stages, name: string | undefined): Stage {
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

/** What `COPY --from` of `stage` means: an earlier stage. */
export function sourceStage(from: string, stage: Stage, { stages }: Stages): Stage {
  const source = /^\d+$/.test(from) ? stages[Number(from)] : findStage(stages, from);
  if (source && source.index < stage.index) return source;
  const names = stages.slice(0, stage.index).flatMap(({ name }) => name ?? []);
  const why = source ? 'is defined later or is the stage itself' : 'is not known';
  throw new MpkitError('not-found', `stage or context \`${from}\` ${why}`, {
    hint: names.length > 0 ? `earlier stages: ${names.join(', ')}` : undefined,
  });
}

/** The last of several stages of one name hides the others. */
export function findStage(stages: Stage[], name: string): Stage | undefined {
  return stages.findLast((stage) => stage.name === name.toLowerCase());
}
