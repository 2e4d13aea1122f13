/** `--memory`, in docker's words: what the processes of one step may have together. */
import { totalmem } from 'node:os';
import { parseSize } from '../size.ts';
import { usageOf } from './verb.ts';

/** Bytes; 0 where there is no limit. Throws `usage`. */
export function readMemory(verb: string, value: string | undefined): number {
  if (value === undefined) return unasked();
  const bytes = parseSize(value);
  if (bytes === 0 || (bytes !== undefined && bytes >= least && bytes <= most)) return bytes;
  throw usageOf(verb)(
    `invalid memory \`${value}\`: expected bytes or a size such as 512m, at least 6m, or 0 for any`,
  );
}

/** Beyond this the rest of the machine would be swapped out, or ended. */
function unasked(): number {
  return Math.floor((totalmem() * 0.9) / mebibyte) * mebibyte;
}

const mebibyte = 1024 ** 2;
/** Docker's least, too. */
const least = 6 * mebibyte;
const most = 1024 ** 5;
