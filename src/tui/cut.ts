/** Texts that do not fit, with the sign of it in place of what is missing. Pure. */
const sign = '...';

export function cutEnd(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - sign.length)}${sign}` : text;
}

export function cutStart(text: string, width: number): string {
  return text.length > width ? `${sign}${text.slice(text.length - width + sign.length)}` : text;
}

/** All of it, in rows of that width; an empty one for nothing. */
export function broken(text: string, width: number): string[] {
  return Array.from({ length: Math.max(1, Math.ceil(text.length / width)) }, (_, at) =>
    text.slice(at * width, (at + 1) * width),
  );
}
