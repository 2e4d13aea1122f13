/** How many columns of a terminal a text takes, and as much of it as fits. Pure. */

export function columnsOf(text: string): number {
  if (narrow.test(text)) return text.length;
  return graphemes(text).reduce((sum, each) => sum + widthOf(each), 0);
}

/** Its beginning; a wide character that would stand across the edge is left out. */
export function fitColumns(text: string, columns: number): string {
  if (narrow.test(text)) return text.slice(0, columns);
  let [taken, used] = ['', 0];
  // none is narrower than nothing, but many can be: a bound for what is looked at
  for (const each of graphemes(text.slice(0, columns * 8))) {
    used += widthOf(each);
    if (used > columns) break;
    taken += each;
  }
  return taken;
}

/** Ink would cut within a wide character, and go on in a row that nobody counted. */
export function shortened(text: string, columns: number): string {
  const beginning = fitColumns(text, columns);
  return beginning === text ? text : `${fitColumns(text, columns - 1)}\u2026`;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function widthOf(grapheme: string): number {
  if (nothing.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

/** Everything before the combining characters takes one column. */
const narrow = /^[\u0020-\u02ff]*$/;
const nothing = /^[\p{M}\p{Cf}]*$/u;
/** East Asian wide and fullwidth characters, and what is drawn as a picture. */
const wide =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2fb}\u{20000}-\u{3fffd}]/u;
