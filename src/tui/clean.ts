/**
 * What a step printed, made harmless for the reader's terminal: colours stay where they are
 * wanted, every other control sequence goes, other control characters become visible.
 */
export function cleanLine(line: string, colour: boolean): string {
  let coloured = false;
  const parts = line.split(sequences).map((part, at) => {
    if (at % 2 === 0) return part.replace(controls, visible);
    if (!colour || !isColour(part)) return '';
    coloured = true;
    return part;
  });
  const text = parts.join('').replaceAll(runnerCommand, '##\\x5b');
  return coloured ? `${text}${reset}` : text;
}

/** A name from an image or a context, for a message: nothing of it reaches the terminal raw. */
export function cleanName(name: string): string {
  return cleanLine(name, false).replace(formats, codePoint);
}

/** GitHub's runner obeys `##[command]` anywhere in a line; `::command::` only at its beginning. */
const runnerCommand = '##[';

/** Characters that reorder, hide or join what stands beside them, so that a name reads as another. */
const formats = /[\p{Cf}\u2028\u2029]/gu;

function codePoint(char: string): string {
  return `\\u{${char.codePointAt(0)!.toString(16)}}`;
}

const reset = '\u001b[0m';

function visible(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function isColour(sequence: string): boolean {
  return sequence.startsWith('\u001b[') && /^[0-9;]*m$/.test(sequence.slice(2));
}

/** ECMA-48 sequences, each in one group: split() then alternates text and sequence. */
const sequences = new RegExp(
  `(${[
    // CSI, in its 7-bit and 8-bit form
    String.raw`(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?`,
    // OSC, DCS, SOS, PM, APC: strings up to BEL or ST
    String.raw`(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?`,
    String.raw`\x1b[ -/]*[0-~]?`,
  ].join('|')})`,
);

/** Everything but tab; a line holds no newline. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
const controls = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
