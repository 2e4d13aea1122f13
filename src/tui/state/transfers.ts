/** What is being moved now, folded from its events; rate and remaining time. Pure. */
import type { TransferEvent } from '../../transfer.ts';

export interface TransferState {
  last: TransferEvent;
  /** Milliseconds since 1970. */
  startedAt: number;
  /** Of the last few seconds, the newest last, and one before them to measure from. */
  points: readonly Point[];
}

interface Point {
  at: number;
  bytes: number;
}

/** By id, in the order of their beginning. */
export type Transfers = ReadonlyMap<string, TransferState>;

/** Milliseconds that a rate looks back, at least and at most. */
const patience = 500;
const window = 5000;
/** What has said nothing for longer stands still. */
const silence = 1000;

export const noTransfers: Transfers = new Map();

/** One that ends is gone. */
export function reduceTransfers(transfers: Transfers, event: TransferEvent): Transfers {
  const next = new Map(transfers);
  if (event.end) next.delete(event.id);
  else next.set(event.id, advance(transfers.get(event.id), event));
  return next;
}

export function advance(known: TransferState | undefined, event: TransferEvent): TransferState {
  const { at, bytes } = event;
  // what it takes until the first byte comes says nothing of how fast they come
  const before = bytes === 0 ? [] : (known?.points ?? []);
  const points = [...before, { at, bytes }];
  const from = points.findLastIndex((each) => each.at <= at - window);
  return {
    last: event,
    startedAt: known?.startedAt ?? at,
    points: points.slice(Math.max(0, from)),
  };
}

/** What is over at once is worth no line. */
export function isWorthALine({ startedAt }: TransferState, now: number): boolean {
  return now - startedAt >= patience;
}

export function shownTransfers(transfers: Transfers, now: number): TransferState[] {
  return [...transfers.values()].filter((each) => isWorthALine(each, now));
}

/** Bytes a second in the last few seconds; undefined where it is too early to say. */
export function rateOf({ points, last }: TransferState, now: number): number | undefined {
  const end = now - last.at > silence ? now : last.at;
  const first = points.findLast(({ at }) => at <= end - window) ?? points[0];
  if (!first || end - first.at < patience) return undefined;
  return (1000 * (last.bytes - first.bytes)) / (end - first.at);
}

/** Bytes a second from its beginning; undefined for what took no time. */
export function averageRate({ last, startedAt }: TransferState): number | undefined {
  return last.at > startedAt ? (1000 * last.bytes) / (last.at - startedAt) : undefined;
}

/** Milliseconds; undefined where the rate or the total is unknown, or nothing moves. */
export function remainingOf(transfer: TransferState, now: number): number | undefined {
  const { bytes, total } = transfer.last;
  const rate = rateOf(transfer, now);
  if (total === undefined || !rate) return undefined;
  return (1000 * Math.max(0, total - bytes)) / rate;
}
