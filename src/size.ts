/** Sizes as people write them: `500m`, `64g`. */

/** Bytes; undefined where the text is no size. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^([0-9]{1,12})([kmgt]?)b?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * 1024 ** ['', ...units].indexOf(unit.toLowerCase());
}

/** The same number in the largest unit that holds it without a rest. */
export function sizeWord(bytes: number): string {
  const at = units.findLastIndex((_, power) => bytes >= 1 && bytes % 1024 ** (power + 1) === 0);
  return `${bytes / 1024 ** (at + 1)}${units[at] ?? ' bytes'}`;
}

const units = ['k', 'm', 'g', 't'];
