/** The words for what is being moved: every view and every command has them from here. Pure. */
import type { TransferKind } from '../transfer.ts';
import { cleanName } from './clean.ts';
import { averageRate, rateOf, remainingOf, type TransferState } from './state/transfers.ts';

/** `fetching qemu-user 11.1.3: 35.2 of 70.4 MB, 8.1 MB/s, 4 s left`. */
export function transferText(transfer: TransferState, now: number): string {
  const { kind, name } = transfer.last;
  const rate = rateOf(transfer, now);
  const remaining = remainingOf(transfer, now);
  const facts = [
    amountOf(transfer),
    ...(rate === undefined ? [] : [rateWord(rate)]),
    ...(remaining === undefined ? [] : [leftWord(remaining)]),
  ];
  return `${verbs[kind].now} ${cleanName(name)}: ${facts.join(', ')}`;
}

/** `fetched qemu-user 11.1.3: 70.4 MB in 8.7 s, 8.1 MB/s`: its average. */
export function transferEndText(transfer: TransferState): string {
  const { last, startedAt } = transfer;
  const { now, past } = verbs[last.kind];
  if (last.end === 'failed')
    return `stopped ${now} ${cleanName(last.name)} at ${amountOf(transfer)}`;
  const rate = averageRate(transfer);
  const time = `${(Math.max(0, last.at - startedAt) / 1000).toFixed(1)} s`;
  const facts = [`${bytesWord(last.bytes)} in ${time}`, ...(rate ? [rateWord(rate)] : [])];
  return `${past} ${cleanName(last.name)}: ${facts.join(', ')}`;
}

/** `4 s left`, `3 min left`: it is an estimate, so it says no more than that. */
export function leftWord(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 100) return `${seconds} s left`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min left` : `${Math.round(minutes / 60)} h left`;
}

const verbs: Record<TransferKind, { now: string; past: string }> = {
  fetch: { now: 'fetching', past: 'fetched' },
  export: { now: 'exporting', past: 'exported' },
};

/** What runs, in a word: `fetching`. */
export function transferVerb(kind: TransferKind): string {
  return verbs[kind].now;
}

function amountOf({ last: { bytes, total } }: TransferState): string {
  if (total === undefined) return bytesWord(bytes);
  const unit = unitFor(total);
  return `${inUnit(bytes, unit)} of ${inUnit(total, unit)} ${unit.name}`;
}

function rateWord(rate: number): string {
  return `${bytesWord(rate)}/s`;
}

function bytesWord(bytes: number): string {
  const unit = unitFor(bytes);
  return `${inUnit(bytes, unit)} ${unit.name}`;
}

interface Unit {
  name: string;
  size: number;
}

const units: readonly Unit[] = [
  { name: 'GB', size: 1e9 },
  { name: 'MB', size: 1e6 },
  { name: 'kB', size: 1e3 },
];

function unitFor(bytes: number): Unit {
  return units.find(({ size }) => bytes >= size) ?? { name: 'bytes', size: 1 };
}

function inUnit(bytes: number, { size }: Unit): string {
  return (bytes / size).toFixed(size === 1 ? 0 : 1);
}
