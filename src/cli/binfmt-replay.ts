/** The inner half of `binfmt install --persist`: replays the boot where nobody else sees it. */
import { inInitialNamespace, listHandlers, replayHere, thisHost } from '../binfmt/index.ts';
import { MpkitError } from '../errors.ts';
import { printedJson } from '../printed-json.ts';
import type { Verb } from './verb.ts';

export const replayVerb: Verb = {
  help: 'mpkit uses this verb by itself\n',
  execute: async (words) => {
    // a boot tool clears what is registered: never where others could miss it
    if (inInitialNamespace() || listHandlers(thisHost).length > 0)
      throw new MpkitError('usage', '`replay` works in an empty instance of its own only');
    process.stdout.write(`${printedJson(await replayHere(thisHost, words))}\n`);
    return 0;
  },
};
