/**
 * Bytes that are on their way: what is told while an emulator is fetched or an image is written, so
 * that every view computes rate and remaining time from the same events.
 */
export interface TransferEvent {
  type: 'transfer';
  /** The same in all events of one transfer, and of no other that runs beside it. */
  id: string;
  kind: TransferKind;
  /** What is moved: `qemu-user 11.1.3`, `image.tar`. */
  name: string;
  /** Moved so far; never less than in the event before. */
  bytes: number;
  /** Of the whole, in bytes; absent where nobody knows. */
  total?: number;
  /** Milliseconds since 1970. */
  at: number;
  /** In the last event, and only there. */
  end?: 'done' | 'failed';
}

export type TransferKind = 'fetch' | 'export';

export type EmitTransfer = (event: TransferEvent) => void;

export interface Transfer {
  /** What was moved so far, in bytes; may be called as often as one likes. */
  reached: (bytes: number) => void;
  /** Once, always. */
  end: (how: 'done' | 'failed') => void;
}

/** Milliseconds between two events of one transfer, its first and last aside. */
const interval = 100;

export function startTransfer(
  what: Pick<TransferEvent, 'id' | 'kind' | 'name' | 'total'>,
  emit: EmitTransfer | undefined,
  now: () => number = Date.now,
): Transfer {
  let moved = 0;
  let last = now();
  const tell = (at: number, end?: 'done' | 'failed') => {
    last = at;
    emit?.({ type: 'transfer', ...what, bytes: moved, at, ...(end ? { end } : {}) });
  };
  tell(last);
  return {
    reached: (bytes) => {
      moved = Math.max(moved, bytes);
      const at = now();
      // a clock that was set back must not silence it
      if (Math.abs(at - last) >= interval) tell(at);
    },
    end: (how) => {
      tell(now(), how);
    },
  };
}
