/** Texts that do not fit, with the sign of it in place of what is missing. Pure. */
const sign = '...';

export function cutEnd(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - sign.length)}${sign}` : text;
}

export function cutStart(text: string, width: number): string {
  return text.length > width ? `${sign}${text.slice(text.length - width + sign.length)}` : text;
}
