/** For a locale without Unicode: what pictures and tables hold, as ASCII. */
import { hasUnicode } from './signs.ts';

/** The stream itself where the locale has Unicode. */
export function asciiStream(
  stream: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
): NodeJS.WriteStream {
  if (hasUnicode(environment)) return stream;
  return new Proxy(stream, {
    get: (target, name) => {
      if (name === 'write')
        return (text: string | Uint8Array, ...more: []) =>
          target.write(typeof text === 'string' ? toAscii(text) : text, ...more);
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** As the locale can show it. */
export function inLocale(text: string, environment: NodeJS.ProcessEnv): string {
  return hasUnicode(environment) ? text : toAscii(text);
}

/** A line gets no wider: Ink has counted its columns. Only tables have `±`, in their last column. */
export function toAscii(text: string): string {
  return text
    .replaceAll(/[\p{M}\p{Cf}]/gu, '')
    .replaceAll(/[^\0-\x7f]/gu, (char) => substitutes.get(char) ?? '?');
}

const substitutes = new Map([
  // Ink's own, where it cuts a line
  ['…', '>'],
  ['×', 'x'],
  ['–', '-'],
  ['±', '+-'],
  ['µ', 'u'],
  ['█', '#'],
]);
