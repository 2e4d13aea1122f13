/**
 * Progress as BuildKit's JSON, one object a line: `vertexes`, `statuses`, `logs`, `warnings`. What
 * BuildKit has no word for stands under keys that begin with `mpkit.`, which its readers skip.
 */
import type { BuildEvent, PlannedPlatform, VertexLabel } from '../builder/events.ts';
import { printedJson } from '../printed-json.ts';
import { coalesceLogs } from './coalesce.ts';
import { transferJson } from './transfer-json.ts';

export interface ShownImage {
  platform: string;
  digest: string;
}

export interface RawJsonPrinter {
  emit: (event: BuildEvent) => void;
  remember: (durations: ReadonlyMap<string, number>) => void;
  close: (images?: readonly ShownImage[]) => void;
}

/** Logs are gathered for this many milliseconds, or until they are this long. */
const interval = 100;
const heldBytes = 64 * 1024;

export function createRawJsonPrinter(write: (text: string) => void): RawJsonPrinter {
  const started = new Map<string, number>();
  const line = (object: object) => write(`${printedJson(object)}\n`);
  const { emit, flush } = coalesceLogs((event) => line(toJson(event, started)), heldBytes);
  const timer = setInterval(flush, interval);
  timer.unref();
  return {
    emit,
    remember: (durations) =>
      line({
        'mpkit.last': [...durations].map(([id, milliseconds]) => ({
          vertex: `sha256:${id}`,
          milliseconds,
        })),
      }),
    close: (images = []) => {
      clearInterval(timer);
      flush();
      if (images.length > 0) line({ 'mpkit.result': images });
    },
  };
}

function toJson(event: BuildEvent, started: Map<string, number>): object {
  switch (event.type) {
    case 'plan':
      return planJson(event.platforms);
    case 'notice':
      return { warnings: [{ level: 1, short: encode(Buffer.from(event.text)) }] };
    case 'started':
      started.set(event.vertex.id, event.at);
      return { vertexes: [vertexJson(event.vertex, { started: time(event.at) })] };
    case 'log':
      return {
        logs: [
          {
            vertex: digest(event.vertex),
            stream: 1,
            data: encode(event.chunk),
            timestamp: time(event.at),
          },
        ],
      };
    case 'cached':
      return ended(event.vertex, { cached: true }, started, Date.now());
    case 'done':
      return ended(event.vertex, {}, started, event.at);
    case 'failed':
      return ended(event.vertex, { error: event.message }, started, event.at);
    case 'canceled':
      return ended(event.vertex, { error: 'canceled' }, started, Date.now());
    case 'transfer': {
      const startedAt = started.get(event.id) ?? event.at;
      started.set(event.id, startedAt);
      return transferJson(event, startedAt);
    }
  }
}

function planJson(platforms: PlannedPlatform[]): object {
  const labels = new Map(
    platforms.flatMap(({ vertices }) => vertices).map((each) => [each.id, each]),
  );
  return {
    vertexes: [...labels.values()].map((label) => vertexJson(label, {})),
    'mpkit.plan': platforms.map(({ platform, vertices, steps }) => ({
      platform,
      vertexes: vertices.map(digest),
      steps: steps.map(({ label, platform: own, kind, emulator }) => ({
        vertex: digest(label),
        platform: own,
        kind,
        ...(emulator === undefined ? {} : { emulator }),
      })),
    })),
  };
}

function ended(
  vertex: VertexLabel,
  facts: object,
  started: Map<string, number>,
  at: number,
): object {
  const times = { started: time(started.get(vertex.id) ?? at), completed: time(at) };
  return { vertexes: [vertexJson(vertex, { ...times, ...facts })] };
}

function vertexJson(label: VertexLabel, facts: object): object {
  const { platform, step, text, location } = label;
  return {
    digest: digest(label),
    name: `[${platform} ${step}] ${text}`,
    ...facts,
    'mpkit.label': { platform, step, text, line: location?.startLine },
  };
}

function digest({ id }: VertexLabel): string {
  return `sha256:${id}`;
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64');
}
