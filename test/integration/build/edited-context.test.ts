/** Row C10: a context that somebody edits while it is built. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { project } from '../../helpers/mpkit.ts';
import { requires } from '../../helpers/requires.ts';

const place = project();
afterAll(() => place.remove());

const tries = 40;
const contents = ['one', 'two'];

it('C10 never keeps a new content under the key of the old one', async () => {
  place.write({
    'context/Dockerfile': 'FROM scratch\nCOPY . /\n',
    'context/edited': '',
    // read between the edited file's hash and its copy
    'context/more': 'm'.repeat(1_500_000),
  });
  const edit = (text: string) => writeFileSync(join(place.folder, 'context/edited'), text);
  const build = async (...flags: string[]) => {
    const { exitCode, stdout, stderr } = await place.mpkit(['build', ...flags, 'context']);
    expect(exitCode, stderr).toBe(0);
    return stdout.trim();
  };
  // what a build gives that nobody disturbs, from a state folder of its own
  const calm = new Map<string, string>();
  for (const text of contents) {
    edit(text);
    calm.set(text, await build('--root', join(place.folder, 'calm')));
  }
  const loop = `while :; do for each in ${contents.join(' ')}; do
    printf $each > new; mv new context/edited; done; done`;
  const editor = spawn('sh', ['-c', loop], {
    cwd: place.folder,
    stdio: 'ignore',
    detached: true,
  });
  try {
    for (let left = tries; left > 0; left--) await build('--no-cache');
  } finally {
    // with the `mv` that may be under way
    process.kill(-editor.pid!, 'SIGKILL');
    await once(editor, 'close');
  }
  for (const text of contents) {
    edit(text);
    expect(await build(), `of ${text}`).toBe(calm.get(text));
  }
});

const need = requires('setcap', 'getcap');

it.skipIf(!need.ok || process.getuid?.() !== 0)(
  `keeps the attributes of a file that is named directly, and has them in the key${need.why}`,
  async () => {
    place.write({
      'caps/Dockerfile':
        'FROM scratch AS tool\nCOPY tool /made\nFROM scratch\nCOPY --from=tool /made /kept\n',
      'caps/tool': 'a program\n',
    });
    const tool = join(place.folder, 'caps/tool');
    const digests = new Set<string>();
    for (const capability of ['', 'cap_net_raw+ep', 'cap_net_admin+ep']) {
      if (capability) await place.run(['setcap', capability, tool]);
      const dest = join(place.folder, `caps-${digests.size}`);
      const { exitCode, stderr, stdout } = await place.mpkit([
        ...['build', '-o', `type=oci,dest=${dest},tar=false`, 'caps'],
      ]);
      expect(exitCode, stderr).toBe(0);
      digests.add(stdout);
    }
    expect(digests.size).toBe(3);
  },
);
