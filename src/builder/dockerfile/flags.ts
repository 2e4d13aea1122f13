/** Flag words `--name=value` between an instruction's keyword and its arguments. */

/**
 * Takes the flags off. They end at the first word without `--`, or after a bare `--`. Quotes are
 * removed and a backslash takes the next character as it is, whatever the escape directive says.
 */
export function splitFlags(text: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let rest = text.trim();
  while (rest.startsWith('--')) {
    const { word, end } = readWord(rest);
    rest = rest.slice(end).trimStart();
    if (word === '--') break;
    flags.push(word);
  }
  return { flags, rest };
}

function readWord(text: string): { word: string; end: number } {
  let word = '';
  let quote: string | undefined;
  let at = 0;
  for (; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\\') {
      at += 1;
      word += text[at] ?? '';
    } else if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
    } else if (/\s/.test(char)) {
      break;
    } else {
      word += char;
    }
  }
  return { word, end: at };
}
