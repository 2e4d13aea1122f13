/**
 * Gathers what steps print for a moment: a view draws now and then and a reader of JSON wants few
 * long lines, whatever a step prints. A step's log and its other events keep their order.
 */
import type { BuildEvent, VertexLabel } from '../builder/events.ts';

export interface Coalesced {
  emit: (event: BuildEvent) => void;
  /** Passes on what is still held. */
  flush: () => void;
}

interface Held {
  vertex: VertexLabel;
  /** Chunks are copied: a small one that is kept keeps the whole buffer it was read into. */
  bytes: Buffer;
  size: number;
  at: number;
}

/** `limit`: bytes of one step that are held at most. */
export function coalesceLogs(pass: (event: BuildEvent) => void, limit: number): Coalesced {
  const held = new Map<string, Held>();
  const release = (id: string) => {
    const entry = held.get(id);
    if (!entry) return;
    held.delete(id);
    const { vertex, bytes, size, at } = entry;
    pass({ type: 'log', vertex, chunk: bytes.subarray(0, size), at });
  };
  const hold = ({ vertex, chunk, at }: { vertex: VertexLabel; chunk: Buffer; at: number }) => {
    const entry = held.get(vertex.id) ?? { vertex, bytes: Buffer.alloc(0), size: 0, at };
    held.set(vertex.id, entry);
    append(entry, chunk);
    entry.at = at;
    if (entry.size >= limit) release(vertex.id);
  };
  return {
    emit: (event) => {
      if (event.type === 'log') return hold(event);
      if ('vertex' in event) release(event.vertex.id);
      pass(event);
    },
    flush: () => {
      for (const id of [...held.keys()]) release(id);
    },
  };
}

function append(held: Held, chunk: Buffer): void {
  const size = held.size + chunk.length;
  if (size > held.bytes.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * size, 4096));
    held.bytes.copy(larger, 0, 0, held.size);
    held.bytes = larger;
  }
  chunk.copy(held.bytes, held.size);
  held.size = size;
}
