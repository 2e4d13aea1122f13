export type Limit = <T>(action: () => Promise<T>) => Promise<T>;

/** At most `count` actions at a time; the others wait in order. */
export function createLimit(count: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;
  const leave = () => {
    const next = waiting.shift();
    // the place goes over: whoever comes between may not take it
    if (next) next();
    else running--;
  };
  return async (action) => {
    if (running < count) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await action();
    } finally {
      leave();
    }
  };
}
