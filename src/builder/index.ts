/** Owns building images: the only door into this folder. */

export { type BuildResult, build } from './build.ts';
export { checkStore } from './check-store.ts';
export { describeImages, type ImageDescription } from './describe-image.ts';
export type { BuildEvent, Emit, PlannedPlatform, PlannedStep, VertexLabel } from './events.ts';
export {
  type ImageSource,
  imageSourceWords,
  parseImageSource,
  parseLayoutUrl,
  parseTag,
} from './image/index.ts';
export { folderRoot, imageRoot, type RunnableRoot } from './image-root.ts';
export {
  type BuildOptions,
  type BuildSources,
  defaultEpoch,
  type NamedContext,
  type OciOutput,
} from './options.ts';
export { proxyNames } from './plan/index.ts';
export { findDockerfile } from './read-dockerfile.ts';
export {
  type BuildRecord,
  createStepRecorder,
  type StepRecord,
  type StepRecorder,
} from './record.ts';
export { openRecords, type Records } from './records.ts';
