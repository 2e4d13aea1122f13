/** What the log calls the steps of a stage. Pure. */
import { formatPlatform, normalizePlatform, type Platform } from '../../platform.ts';
import type { Stage } from '../dockerfile/index.ts';
import type { Label } from './base.ts';

/** Numbers the steps that make layers, the base first. */
export function labeller(stage: Stage, platform: Platform, target: Platform): Label {
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
