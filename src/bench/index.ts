/**
 * Owns measuring: how fast each CPU runs here, by which emulator, and what that means for a build.
 * Knows nothing of Dockerfiles, images and terminals.
 */
export { type BenchOptions, type BenchTarget, bench } from './bench.ts';
export { candidatesOf } from './candidates.ts';
export type { Position } from './course.ts';
export {
  type BuildEstimate,
  estimateBuild,
  type RecordedStep,
  type StepEstimate,
} from './estimate.ts';
export { keepReport, keptReports } from './history.ts';
export { type Recommendation, recommend } from './recommend.ts';
export type { BenchEvent, BenchReport, EmitBench, TargetReport, WorkloadReport } from './report.ts';
export { overlap, type Spread } from './statistics.ts';
export { programs, steps, type Workload } from './workloads.ts';
