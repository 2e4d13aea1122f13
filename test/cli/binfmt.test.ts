import { expect, it } from 'vitest';
import { binfmtVerb } from '../../src/cli/binfmt.ts';

it.each([
  ['verify', '--root', '/state'],
  ['status', '--root=/state', '--json'],
  ['ls', '--root'],
  ['uninstall', 'all', '--root', '/state'],
])('%s says why it takes no state folder', async (...words) => {
  await expect(binfmtVerb.execute(words)).rejects.toMatchObject({
    code: 'usage',
    message: `\`mpkit binfmt ${words[0]}\` has no \`--root\``,
    hint: expect.stringContaining('only `install` takes emulators from a state folder'),
  });
});
