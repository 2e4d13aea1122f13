/** In one line: where a text is broken depends on the width of what shows it. */
export function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
