/** However a build is shown: ended by a signal, it says so by its status and leaves nothing. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type HostState, hostChanges, hostState, leftovers } from '../../helpers/host-state.ts';
import { requires } from '../../helpers/requires.ts';
import { slowly } from '../../helpers/speed.ts';
import { type Terminal, terminal } from '../../helpers/terminal.ts';
import { type TestUser, testUser } from '../../helpers/users.ts';
import { type Workplace, workplace } from '../build/workplace.ts';

const tmux = requires('tmux');
const ranged = testUser('range');
const ends: [string, (shell: Terminal) => void, number][] = [
  ['SIGTERM', (shell) => process.kill(shell.foreground(), 'SIGTERM'), 143],
  ['SIGINT', (shell) => process.kill(shell.foreground(), 'SIGINT'), 130],
  ['Ctrl-C', (shell) => shell.press('C-c'), 130],
];
const cases = ['tty', 'plain', 'rawjson', 'quiet'].flatMap((progress) =>
  ends.map((end) => [progress, ...end] as const),
);
const callers: [string, boolean, string, TestUser | undefined][] = [
  ['us', tmux.ok, tmux.why, undefined],
  ['an ordinary user', tmux.ok && ranged.ok, tmux.why || ranged.why, ranged],
];

describe.each(callers)('a build of %s', (_, ok, why, user) => {
  describe.skipIf(!ok)(`in a terminal${why}`, () => {
    let place: Workplace;
    let opened: Terminal | undefined;
    let before: HostState;
    beforeAll(() => {
      place = workplace(user);
      place.write({ 'ctx/Dockerfile': 'FROM base\nRUN touch /begun; sleep 1000\n' });
      before = hostState();
    });
    afterEach(() => opened?.close());
    afterAll(() => place?.remove());

    it.each(cases)('with --progress %s ends by %s', async (progress, _name, end, status) => {
      const shell = terminal(place, { user });
      opened = shell;
      const settings = await shell.settings();
      const context = `--build-context base=oci-layout://${place.base} ctx`;
      shell.line(`clear; mpkit build --progress ${progress} --no-cache ${context}; echo ended $?`);
      await until(() => sleepers(place).length > 0);
      end(shell);
      const screen = await shell.see(`ended ${status}`);
      expect(screen).toContain('mpkit: stopped; finished steps are kept');
      expect(await shell.settings()).toBe(settings);
      shell.line('echo still-$((40 + 2))');
      await shell.see('still-42');
      shell.line('exit');
      await until(() => leftovers(place.root).length === 0);
      expect(hostChanges(before)).toEqual([]);
      expect(readdirSync(place.folder)).toEqual(['ctx']);
      for (const name of ['tmp', 'attach']) expect(readdirSync(join(place.root, name))).toEqual([]);
    });
  });
});

/** The step's command, which ends by itself in no test. */
function sleepers(place: Workplace): string[] {
  return leftovers(place.root).filter((each) => / sleep 1000$/.test(each));
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + slowly(30_000);
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited for too long');
    await sleep(50);
  }
}
