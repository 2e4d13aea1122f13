/** What a step printed, bounded: the last lines, and how many there were. Pure. */

export interface Log {
  /** Complete lines, the newest last. */
  lines: readonly string[];
  /** The unfinished last line. */
  partial: string;
  /** Of all complete lines ever added. */
  count: number;
}

export const emptyLog: Log = { lines: [], partial: '', count: 0 };

/** Longer lines are cut: a step may print megabytes without a newline. */
const longestLine = 4096;
const newline = 0x0a;

/** Only the end of a large chunk is decoded. */
export function addToLog(log: Log, chunk: Buffer, limit: number): Log {
  const starts = lineStarts(chunk, limit + 1);
  const isWhole = starts.count <= limit;
  const kept = chunk.subarray(isWhole ? 0 : starts.first);
  const texts = (isWhole ? log.partial + decode(kept) : decode(kept)).split('\n');
  const partial = (texts.pop() ?? '').slice(-longestLine);
  const added = texts.map((line) => line.slice(0, longestLine));
  const lines = isWhole ? [...log.lines, ...added].slice(-limit) : added.slice(-limit);
  return { lines, partial, count: log.count + starts.count };
}

/** The last `count` lines, the unfinished one included; of one redrawn by `\r` what is seen last. */
export function tailOf({ lines, partial }: Log, count: number): string[] {
  const all = partial === '' ? lines.slice(-count) : [...lines.slice(-count), partial];
  return all.slice(-count).map((line) => line.replace(/\r+$/, '').split('\r').at(-1) ?? '');
}

/** How many newlines, and where the line begins that has `limit` of them after it. */
function lineStarts(chunk: Buffer, limit: number): { count: number; first: number } {
  const ring: number[] = [];
  let count = 0;
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1))
    ring[count++ % limit] = at + 1;
  return { count, first: count >= limit ? (ring[count % limit] ?? 0) : 0 };
}

function decode(bytes: Buffer): string {
  return bytes.toString('utf8');
}
