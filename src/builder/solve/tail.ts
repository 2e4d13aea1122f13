/** The last lines of an output, bounded, for the message of a step that failed. */
export interface Tail {
  add: (chunk: Buffer) => void;
  lines: () => string[];
}

const mostBytes = 16 * 1024;
const mostLines = 20;

export function createTail(): Tail {
  let kept = Buffer.alloc(0);
  return {
    add: (chunk) => {
      const recent = chunk.subarray(Math.max(0, chunk.length - mostBytes));
      kept = Buffer.concat([kept, recent]);
      if (kept.length > 2 * mostBytes) kept = kept.subarray(kept.length - mostBytes);
    },
    lines: () =>
      kept
        .toString('utf8')
        .split(/\r?\n/)
        .filter((line, at, all) => line !== '' || at < all.length - 1)
        .slice(-mostLines),
  };
}
