/** JSON for stdout or a log, which may be a terminal: nothing in it acts, reorders or hides. */

/** As JSON.stringify; what a terminal or a reader's eye would obey is written as `\uXXXX`. */
export function printedJson(
  value: unknown,
  replacer?: (key: string, value: unknown) => unknown,
  indent?: number,
): string {
  return JSON.stringify(value, replacer, indent).replace(unseen, (text) =>
    Array.from({ length: text.length }, (_, at) => escaped(text.charCodeAt(at))).join(''),
  );
}

/** C1 controls and DEL, format controls (bidi among them), line and paragraph separators. */
const unseen = /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu;

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
