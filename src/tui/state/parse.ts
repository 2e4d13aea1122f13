/** JSON of a plain command, read with care: what does not look as expected is as good as missing. */
export function parseJson<T>(text: string, looksRight: (value: unknown) => boolean): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return looksRight(value) ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}

export function isObjectWith(...keys: string[]): (value: unknown) => boolean {
  return (value) =>
    typeof value === 'object' && value !== null && keys.every((key) => key in value);
}

export function hasLists(...keys: string[]): (value: unknown) => boolean {
  return (value) =>
    isObjectWith(...keys)(value) &&
    keys.every((key) => Array.isArray((value as Record<string, unknown>)[key]));
}
