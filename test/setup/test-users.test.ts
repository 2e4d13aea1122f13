/** Users that tests made, in a copy of this host's /etc: the last run of tests removes them. */
import { afterAll, expect, it } from 'vitest';
import { clone, project } from '../helpers/mpkit.ts';
import { privateHost } from '../helpers/private-host.ts';
import { requires } from '../helpers/requires.ts';

const host = privateHost();
const tools = requires('useradd', 'newuidmap', 'setpriv');
const place = project();
afterAll(() => place.remove());

it.skipIf(!host.ok || !tools.ok)(
  `the last of several runs removes the users that tests made${host.why || tools.why}`,
  async () => {
    const shared = `$PWD/shared`;
    const run = `MPKIT_TEST_USER=mpkit-gone MPKIT_TEST_SHARED=${shared} sh ${clone}/setup/test test/helpers/helpers.test.ts -t 'second try' --reporter=dot`;
    const found = 'cat /etc/passwd /etc/group /etc/subuid /etc/subgid | grep -c mpkit-gone; ls';
    const other = `sleep 1000 >/dev/null 2>&1 & p=$!; mkdir -p ${shared}/runs && touch ${shared}/runs/$p.$(cut -d' ' -f22 /proc/$p/stat); echo $p > pid`;
    const outcomes = await host.steps(place, other, run, found, 'kill $(cat pid)', run, found);
    expect(outcomes[1]!.stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed');
    // two names in passwd, two in group, the range of one in both files
    expect(outcomes[2]!.stdout.split('\n')[0], outcomes[1]!.stderr).toBe('6');
    expect(outcomes[4]!.stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed');
    expect(outcomes[5]!.stdout.split('\n')[0], outcomes[4]!.stderr).toBe('0');
  },
);
