/** `mpkit check`: is everything in the state folder as it was made? */
import { checkStore } from '../builder/index.ts';
import { callersWords } from '../caller-paths.ts';
import { openScratch } from '../emulator/index.ts';
import { printedJson } from '../printed-json.ts';
import { cleanName } from '../tui/clean.ts';
import { inNamespace, parseWords, type Verb } from './verb.ts';

export const checkVerb: Verb = {
  help: `usage: mpkit check [--root DIR] [--json]

Reads every blob in the state folder and compares it with its digest, and looks whether anybody
wrote to an unpacked layer since it was made. What was changed is named and dropped: the next
build makes it anew, and nothing else is lost. Builds check what they use by themselves.

  --json   what was found, as JSON

Exit: 0 where all is as it was made, 1 where something was changed or could not be read.
`,
  execute: async (words) => {
    const { values } = parseWords('check', words, {
      json: { type: 'boolean' },
      root: { type: 'string' },
    });
    const place = { root: values.root, loans: [], quiet: true };
    return inNamespace('check', words, place, async (root) => {
      const scratch = await openScratch(root);
      try {
        const found = await checkStore(root, scratch);
        process.stdout.write(values.json ? `${printedJson(found, undefined, 2)}\n` : textOf(found));
        return found.damaged.length + found.unreadable.length === 0 ? 0 : 1;
      } finally {
        scratch.remove();
      }
    });
  },
};

function textOf(found: Awaited<ReturnType<typeof checkStore>>): string {
  const { blobs, bytes, layers, damaged, unreadable } = found;
  const looked = `looked at ${blobs} blobs (${(bytes / 1e6).toFixed(1)} MB) and ${layers} layers`;
  if (damaged.length + unreadable.length === 0) return `${looked}: all are as they were made\n`;
  const lines = [
    ...damaged.map((each) => `${each} was changed: dropped, the next build makes it anew`),
    ...unreadable,
  ];
  const counts = `${damaged.length} changed, ${unreadable.length} not readable`;
  return callersWords([...lines.map(cleanName), `${looked}: ${counts}`, ''].join('\n'));
}
