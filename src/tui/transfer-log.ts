/** Transfers for a log: a line every few seconds for each, and one at its end. */
import type { TransferEvent } from '../transfer.ts';
import { advance, isWorthALine, type TransferState } from './state/transfers.ts';
import { transferEndText, transferText } from './transfer-text.ts';

export interface Logged {
  state: TransferState;
  /** Where the event is worth one. */
  line?: string;
}

/** Milliseconds between two lines of one transfer. */
const interval = 5000;

/** Takes every event; time is that of the events. */
export function createTransferLog(): (event: TransferEvent) => Logged {
  const running = new Map<string, { state: TransferState; due: number }>();
  return (event) => {
    const { id, at, end } = event;
    const known = running.get(id);
    const state = advance(known?.state, event);
    const isDue = isWorthALine(state, at) && (end !== undefined || at >= (known?.due ?? at));
    if (end) running.delete(id);
    else running.set(id, { state, due: isDue ? at + interval : (known?.due ?? at) });
    if (!isDue) return { state };
    return { state, line: end ? transferEndText(state) : transferText(state, at) };
  };
}
