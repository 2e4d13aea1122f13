/**
 * Owns the question what this host can do and what would improve it. Checks are pure judgements of
 * facts; trials make facts by executing. Knows nothing of text and flags.
 */
export { checks } from './checks/index.ts';
export { type Examination, examine } from './examine.ts';
export {
  type FileFacts,
  type HostFacts,
  hostFacts,
  type KnownFacts,
  type RecordedFile,
} from './facts.ts';
export type { Check, Finding, Result } from './finding.ts';
export { type Fix, fixesFor } from './fixes.ts';
export { liveHost } from './live.ts';
export type { PlatformRow, Platforms } from './platforms.ts';
export type { Tier } from './tier.ts';
export { tryEverything } from './trials/index.ts';
export { tryInside } from './trials/inside.ts';
export type { InsideTrials, Trials } from './trials/trial.ts';
