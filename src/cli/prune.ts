/** `mpkit prune`: gives back the space of the state folder. */
import { emptyState } from '../emulator/index.ts';
import { walkTree } from '../walk-tree.ts';
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
        const freed = emptyState(root, kept, diskGain);
        process.stdout.write(`freed ${(freed / 1e6).toFixed(1)} MB\n`);
        return 0;
      },
    );
  },
};

/** What the disk gains: each file once, and only where none of its names stays elsewhere. */
function diskGain(paths: string[]): number {
  const names = new Map<string, bigint>();
  let blocks = 0n;
  for (const path of paths)
    for (const { stats } of walkTree(Buffer.from(path))) {
      if (!stats.isDirectory() && stats.nlink > 1n) {
        const file = `${stats.dev}:${stats.ino}`;
        const seen = (names.get(file) ?? 0n) + 1n;
        names.set(file, seen);
        if (seen < stats.nlink) continue;
      }
      blocks += stats.blocks;
    }
  return Number(blocks) * 512;
}
