/** The graph that the solver sees: no trace of a Dockerfile but labels. */
import { createHash } from 'node:crypto';
import type { Platform } from '../../platform.ts';
import type { VertexLabel } from '../events.ts';

export interface Vertex {
  /** Digest of the operation and of the inputs' definitions: equal vertices are one. */
  digest: string;
  op: Op;
  /** The first is what the operation changes; a second one is copied from. */
  inputs: Vertex[];
  label: VertexLabel;
}

export type Op = ScratchOp | ImageOp | RunOp | CopyOp | WorkdirOp;

export interface ScratchOp {
  kind: 'scratch';
}

export interface ImageOp {
  kind: 'image';
  /** The named context it comes from. */
  context: string;
  manifest: string;
  platform: Platform;
}

export interface RunOp {
  kind: 'run';
  argv: string[];
  /** Sorted by name; complete but for HOME and what the runner adds. */
  environment: [name: string, value: string][];
  directory: string;
  user: string;
  network: 'default' | 'none' | 'host';
  platform: Platform;
  /** SOURCE_DATE_EPOCH: later file times are lowered to it in the layer. */
  epoch: number | undefined;
}

export interface CopyOp {
  kind: 'copy';
  /** Absolute in the source, cleaned, possibly with wildcards. */
  sources: string[];
  /** Absolute in the image; a trailing slash counts. */
  destination: string;
  /** A named context, or the second input. */
  from: { context: string } | 'input';
  chown: string | undefined;
  chmod: number | undefined;
  epoch: number | undefined;
}

export interface WorkdirOp {
  kind: 'workdir';
  path: string;
  user: string;
  epoch: number | undefined;
}

export function makeVertex(op: Op, inputs: Vertex[], label: Omit<VertexLabel, 'id'>): Vertex {
  const digest = digestOf([op, inputs.map((input) => input.digest)]);
  return { digest, op, inputs, label: { ...label, id: digest } };
}

/** sha256 of a value's JSON, in hex; the caller keeps the order of keys fixed. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** Every vertex below the roots, inputs first, each once. */
export function allVertices(roots: Vertex[]): Vertex[] {
  const seen = new Map<string, Vertex>();
  const visit = (vertex: Vertex) => {
    if (seen.has(vertex.digest)) return;
    for (const input of vertex.inputs) visit(input);
    seen.set(vertex.digest, vertex);
  };
  for (const root of roots) visit(root);
  return [...seen.values()];
}
