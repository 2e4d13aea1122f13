/** Reads several flags and tells at once what is wrong with all of them. */
import { MpkitError } from '../errors.ts';

/** What each reader gives; throws the first failure with the others beside it. */
export function readAll<T extends object>(readers: { [K in keyof T]: () => T[K] }): T {
  const values: Partial<T> = {};
  const wrong: MpkitError[] = [];
  for (const key of Object.keys(readers) as (keyof T)[])
    try {
      values[key] = readers[key]();
    } catch (error) {
      if (!(error instanceof MpkitError)) throw error;
      wrong.push(error, ...error.others);
    }
  const [first, ...others] = wrong;
  if (first) throw Object.assign(first, { others });
  return values as T;
}

/** The same for the values of a flag that can be repeated. */
export function readEach<T>(words: string[], read: (word: string) => T): T[] {
  const readers = words.map((word, at): [number, () => T] => [at, () => read(word)]);
  return Object.values(readAll<Record<number, T>>(Object.fromEntries(readers)));
}
