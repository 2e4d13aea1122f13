import type { TransferEvent } from '../../src/transfer.ts';

/** `mega` megabytes of 70.4 at `seconds` after the beginning. */
export function fetched(seconds: number, mega: number, more: Partial<TransferEvent> = {}) {
  return {
    ...({ type: 'transfer', id: 'fetch 1', kind: 'fetch', name: 'qemu-user 11.1.3' } as const),
    ...{ bytes: mega * 1e6, total: 70.4e6, at: 1_000_000 + seconds * 1000 },
    ...more,
  } satisfies TransferEvent;
}

export const now = (seconds: number) => 1_000_000 + seconds * 1000;
