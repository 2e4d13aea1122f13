/** What is planned, and for whom. */
import type { Platform } from '../../platform.ts';
import type { Dockerfile } from '../dockerfile/index.ts';
import type { ContextResolver } from './base.ts';

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
