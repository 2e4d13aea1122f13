/**
 * Transfers as BuildKit's JSON tells them: `statuses` of a vertex of their own, with what is shown
 * as `id`, what is done as `name`, and bytes as `current` and `total`.
 */
import { createHash } from 'node:crypto';
import type { TransferEvent } from '../transfer.ts';
import { transferVerb } from './transfer-text.ts';

/** `startedAt`: when its first event came, in milliseconds since 1970. */
export function transferJson(event: TransferEvent, startedAt: number): object {
  const { id, kind, name, bytes, total, at, end } = event;
  const vertex = `sha256:${createHash('sha256').update(id).digest('hex')}`;
  const started = new Date(startedAt).toISOString();
  const now = new Date(at).toISOString();
  const isEdge = end !== undefined || at === startedAt;
  const status = {
    ...{ id: name, vertex, name: transferVerb(kind) },
    ...(total === undefined ? {} : { total }),
    ...{ current: bytes, timestamp: now, started },
    ...(end === 'done' ? { completed: now } : {}),
  };
  if (!isEdge) return { statuses: [status] };
  const shown = {
    ...{ digest: vertex, name: `${transferVerb(kind)} ${name}`, started },
    ...(end === undefined ? {} : { completed: now }),
    ...(end === 'failed' ? { error: 'stopped' } : {}),
    'mpkit.transfer': { id, kind, name },
  };
  return { vertexes: [shown], statuses: [status] };
}
