/** One write for everything that is said in the same turn: a system call for each line costs more. */
export interface GatheredWrites {
  write: (text: string) => void;
  /** Writes what is still held. */
  flush: () => void;
}

export function gatherWrites(write: (text: string) => void): GatheredWrites {
  let held: string[] = [];
  const flush = () => {
    if (held.length === 0) return;
    const text = held.join('');
    held = [];
    write(text);
  };
  return {
    write: (text) => {
      if (held.length === 0) setImmediate(flush);
      held.push(text);
    },
    flush,
  };
}
