/** The other end of `mpkit build --progress rawjson`: lines to events. */
import type { PlannedPlatform, VertexLabel } from '../../builder/events.ts';
import type { BuildViewEvent } from './build.ts';
import {
  decodeTransfers,
  type RawStatuses,
  type RawTransferVertex,
  type TransferNames,
  withTransferNames,
} from './decode-transfers.ts';
import { isObjectWith, parseJson } from './parse.ts';

export interface ProgressDecoder {
  labels: ReadonlyMap<string, VertexLabel>;
  transfers: TransferNames;
}

export const decoderStart: ProgressDecoder = { labels: new Map(), transfers: new Map() };

/** undefined: the line is no progress, so it is a message for the reader. */
export function decodeProgress(
  decoder: ProgressDecoder,
  line: string,
): { decoder: ProgressDecoder; events: BuildViewEvent[] } | undefined {
  if (!line.startsWith('{')) return undefined;
  const status = parseJson<RawStatus>(line, isObjectWith());
  if (!status) return undefined;
  const labels = new Map(decoder.labels);
  for (const vertex of status.vertexes ?? [])
    if (vertex['mpkit.label']) labels.set(vertex.digest, labelOf(vertex));
  const transfers = withTransferNames(decoder.transfers, status);
  const events = [
    ...(status['mpkit.plan'] ? [planOf(status['mpkit.plan'], labels)] : []),
    ...(status.vertexes ?? []).flatMap((vertex) => eventOf(vertex, labels.get(vertex.digest))),
    ...(status.logs ?? []).flatMap(({ vertex, data, timestamp }): BuildViewEvent[] => {
      const label = labels.get(vertex);
      if (!label) return [];
      return [
        { type: 'log', vertex: label, chunk: Buffer.from(data, 'base64'), at: time(timestamp) },
      ];
    }),
    ...decodeTransfers(transfers, status),
    ...(status.warnings ?? []).map(
      ({ short }): BuildViewEvent => ({
        type: 'notice',
        text: Buffer.from(short, 'base64').toString('utf8'),
      }),
    ),
    ...(status['mpkit.last'] ? [historyOf(status['mpkit.last'])] : []),
  ];
  return { decoder: { labels, transfers }, events };
}

interface RawStatus extends RawStatuses {
  vertexes?: RawVertex[];
  logs?: { vertex: string; data: string; timestamp: string }[];
  warnings?: { short: string }[];
  'mpkit.plan'?: RawPlan[];
  'mpkit.last'?: { vertex: string; milliseconds: number }[];
}

interface RawVertex extends RawTransferVertex {
  started?: string;
  cached?: boolean;
  'mpkit.label'?: { platform: string; step: string; text: string; line?: number };
}

interface RawPlan {
  platform: string;
  vertexes: string[];
  steps: { vertex: string; platform: string; kind: 'native' | 'emulated'; emulator?: string }[];
}

function labelOf(vertex: RawVertex): VertexLabel {
  const { platform = '', step = '', text = '', line } = vertex['mpkit.label'] ?? {};
  const location =
    line === undefined ? {} : { location: { file: '', startLine: line, endLine: line, text: '' } };
  return { id: vertex.digest, platform, step, text, ...location };
}

function planOf(plan: RawPlan[], labels: ReadonlyMap<string, VertexLabel>): BuildViewEvent {
  const known = (digest: string) => labels.get(digest) ?? [];
  const platforms = plan.map(
    ({ platform, vertexes, steps }): PlannedPlatform => ({
      platform,
      vertices: vertexes.flatMap(known),
      steps: steps.flatMap(({ vertex, ...facts }) => {
        const label = labels.get(vertex);
        return label ? [{ ...facts, label }] : [];
      }),
    }),
  );
  return { type: 'plan', platforms };
}

function eventOf(vertex: RawVertex, label: VertexLabel | undefined): BuildViewEvent[] {
  if (!label) return [];
  const { started, completed, cached, error } = vertex;
  if (completed === undefined)
    return started === undefined ? [] : [{ type: 'started', vertex: label, at: time(started) }];
  if (cached) return [{ type: 'cached', vertex: label }];
  if (error === 'canceled') return [{ type: 'canceled', vertex: label }];
  if (error !== undefined)
    return [{ type: 'failed', vertex: label, message: error, at: time(completed) }];
  return [{ type: 'done', vertex: label, at: time(completed) }];
}

function historyOf(last: { vertex: string; milliseconds: number }[]): BuildViewEvent {
  return {
    type: 'history',
    durations: new Map(last.map(({ vertex, milliseconds }) => [vertex, milliseconds])),
  };
}

function time(text: string): number {
  return Date.parse(text);
}
