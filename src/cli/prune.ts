/** `mpkit prune`: gives back the space of the state folder. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { emptyState } from '../emulator/index.ts';
import { inNamespace, parseWords, type Verb } from './verb.ts';

export const pruneVerb: Verb = {
  help: `usage: mpkit prune [--all] [--root DIR]

Removes cached steps, unpacked layers and images, the records of builds and benchmarks (the
history, and the times that steps took last), and what killed runs left behind. Emulators and
choices between them stay. Files in the state folder may belong to subordinate ids, which only
mpkit can remove.

  --all    also the emulators and choices: nothing remains
`,
  execute: async (words) => {
    const { values } = parseWords('prune', words, {
      all: { type: 'boolean' },
      root: { type: 'string' },
    });
    return inNamespace(
      'prune',
      words,
      { root: values.root, loans: [], quiet: true },
      async (root) => {
        const kept = values.all ? [] : ['emulators'];
        const freed = emptyState(root, kept, sizeOf);
        process.stdout.write(`freed ${(freed / 1e6).toFixed(1)} MB\n`);
        return 0;
      },
    );
  },
};

function sizeOf(path: string): number {
  if (!existsSync(path)) return 0;
  const is = lstatSync(path);
  if (!is.isDirectory()) return is.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
