/** Runs `mpkit emulator` where the state folder is: inside the namespace. */

import { existsSync } from 'node:fs';
import { hostPath } from '../caller-paths.ts';
import { emulatorCommand } from './emulator.ts';
import { inNamespace, stopOnSignals, type Verb } from './verb.ts';

export const emulatorVerb: Verb = {
  help: '',
  ownHelp: true,
  execute: async (words) => {
    const { root, others } = takeRoot(words);
    const io = (folder: string) => ({
      root: folder,
      stdout: (text: string) => void process.stdout.write(text),
      stderr: (text: string) => void process.stderr.write(text),
      terminal: { isTTY: process.stderr.isTTY, columns: process.stderr.columns },
    });
    if (others.length === 0 || others.includes('--help') || others.includes('-h'))
      return emulatorCommand(others, io('/nonexistent'));
    const loans = others
      .filter((word) => !word.startsWith('-') && existsSync(word))
      .map((word) => ({ path: hostPath(word), access: 'read' as const }));
    return inNamespace('emulator', words, { root, loans, quiet: true }, async (folder) => {
      const { signal, code } = stopOnSignals();
      try {
        return await emulatorCommand(others, { ...io(folder), signal });
      } catch (error) {
        const stopped = code();
        if (stopped === undefined) throw error;
        return stopped;
      }
    });
  },
};

/** `--root DIR` and `--root=DIR` anywhere before `--`. */
function takeRoot(words: string[]): { root: string | undefined; others: string[] } {
  const others: string[] = [];
  let root: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--root') root = words[++at];
    else if (word.startsWith('--root=')) root = word.slice('--root='.length);
    else others.push(word);
  }
  return { root, others };
}
