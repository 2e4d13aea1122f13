/** What a build tells while it runs: types only. The printers and the interface fold these. */
import type { SourceLocation } from '../errors.ts';
import type { TransferEvent } from '../transfer.ts';

export type BuildEvent =
  | { type: 'plan'; platforms: PlannedPlatform[] }
  | { type: 'notice'; text: string }
  | { type: 'started'; vertex: VertexLabel; at: number }
  | { type: 'log'; vertex: VertexLabel; chunk: Buffer; at: number }
  | { type: 'cached'; vertex: VertexLabel }
  | { type: 'done'; vertex: VertexLabel; at: number }
  | { type: 'failed'; vertex: VertexLabel; message: string; at: number }
  | { type: 'canceled'; vertex: VertexLabel }
  | TransferEvent;

export type Emit = (event: BuildEvent) => void;

/** How a vertex is shown; `id` is the same for every platform that shares it. */
export interface VertexLabel {
  id: string;
  /** `linux/arm64`, or `linux/amd64->linux/arm64` for a cross-building stage. */
  platform: string;
  /** `build 2/5`, or `2/5` in an unnamed stage. */
  step: string;
  /** The instruction. */
  text: string;
  location?: SourceLocation;
}

/** One line of the plan: what will execute foreign code, and by what. */
export interface PlannedPlatform {
  platform: string;
  /** Everything that is solved for it, inputs first; platforms may share some. */
  vertices: VertexLabel[];
  /** Steps that execute code, as shown in the log. */
  steps: PlannedStep[];
}

export interface PlannedStep {
  label: VertexLabel;
  platform: string;
  kind: 'native' | 'emulated';
  /** `QEMU 11.1.3`; undefined where it has still to be fetched. */
  emulator?: string | undefined;
}
