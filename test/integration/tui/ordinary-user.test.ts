/** The interface as an ordinary user sees it: everything but the handlers of the whole host. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type HostState,
  hostState,
  lastingChanges,
  lastingLeftovers,
} from '../../helpers/host-state.ts';
import { requires } from '../../helpers/requires.ts';
import { type Terminal, terminal } from '../../helpers/terminal.ts';
import { testUser } from '../../helpers/users.ts';
import { type Workplace, workplace } from '../build/workplace.ts';
import { accept, openInterface, startBuild, visitScreens } from './interface.ts';

const user = testUser('range');
const tmux = requires('tmux');
const ok = user.ok && tmux.ok;

describe.skipIf(!ok)(`the interface of an ordinary user${user.why || tmux.why}`, {}, () => {
  let place: Workplace;
  let opened: Terminal | undefined;
  let before: HostState;
  beforeAll(() => {
    place = workplace(user);
    place.write({
      'small/Dockerfile':
        'FROM base\nRUN echo built on $(uname -m) > /built; sleep 1; cat /built\n',
    });
    before = hostState();
  });
  afterEach(async () => {
    opened?.close();
    expect(await lastingLeftovers(place.root)).toEqual([]);
    expect(await lastingChanges(before)).toEqual([]);
    for (const folder of ['tmp', 'attach'].map((name) => join(place.root, name)))
      if (existsSync(folder)) expect(readdirSync(folder)).toEqual([]);
  });
  afterAll(() => place?.remove());

  const open = async (folder = '.') => {
    opened = await openInterface(place, { user }, folder);
    return opened;
  };
  const leave = async (shell: Terminal) => {
    shell.press('q');
    await shell.see('left 0');
  };

  it('reaches every screen', async () => {
    const shell = await open();
    await visitScreens(shell, (screen) => expect(screen).toMatch(/\?\s+help\s+q quit$/));
    await leave(shell);
  });

  it('says what only root may do to the host, and by which command', async () => {
    const shell = await open();
    await shell.see('only root may change them: `sudo mpkit binfmt install all`');
    for (const [key, command] of [
      ['i', 'sudo mpkit binfmt install all'],
      ['p', 'sudo mpkit binfmt install all --persist'],
      ['R', 'sudo mpkit binfmt install all --replace'],
      ['U', 'sudo mpkit binfmt uninstall all'],
    ] as const) {
      shell.press(key);
      await shell.see('This cannot be done from here');
      expect(await shell.see(`$ ${command}\n`)).toContain('only root may change the handlers');
      shell.press('y');
      await shell.see('i install all');
    }
    await leave(shell);
  });

  it('watches a build of three platforms to its end, and runs a variant of it', async () => {
    const shell = await open('small');
    await startBuild(shell, {
      ...{ platforms: 'linux/amd64,linux/arm64,linux/s390x', base: place.base },
      more: '--no-cache -o type=oci,dest=out,tar=false',
    });
    await shell.see(/RUN echo built.*▸/, 60);
    const end = await shell.see(/linux\/s390x +\d+ +\d+ +\d+ /, 120);
    expect(end).toMatch(/RUN echo built.*✓ .*✓~.*✓~/);
    shell.press('5');
    await shell.see(/> .* done /, 60);
    shell.press('Enter');
    await shell.see(/\[linux\/amd64\]/);
    shell.press('Right');
    await shell.see('[linux/arm64]');
    shell.press('c');
    await shell.see('command to run in this variant');
    shell.type('cat /built');
    shell.press('Enter');
    expect(await shell.see('Enter goes back')).toContain('built on aarch64');
    shell.press('Enter');
    await shell.see('[linux/arm64]');
    await leave(shell);
  });

  it('removes an emulator and adds it again', async () => {
    const program = join(place.folder, 'qemu');
    // a first try may have ended between the two
    if (existsSync(program)) await place.mpkit(['emulator', 'add', program]);
    const shell = await open();
    const list = async () => JSON.parse((await place.mpkit(['emulator', 'ls', '--json'])).stdout);
    const [first] = await list();
    const short = first.digest.slice(7, 19);
    execFileSync('cp', [join(place.root, 'emulators/sha256', first.digest.slice(7)), program]);
    shell.press('2');
    await shell.see(short);
    shell.press('x');
    await accept(shell);
    await shell.see(new RegExp(`^(?![\\s\\S]*${short})[\\s\\S]*x remove`));
    expect((await list()).map((each: typeof first) => each.digest)).not.toContain(first.digest);
    shell.press('n');
    await shell.see('path of a static QEMU');
    shell.type(program);
    shell.press('Enter');
    await accept(shell);
    await shell.see(short);
    expect((await list()).map((each: typeof first) => each.digest)).toContain(first.digest);
    await leave(shell);
  });

  const ends: [string, (shell: Terminal) => Promise<void> | void, string][] = [
    [
      'q, which asks first,',
      async (shell) => {
        shell.press('q');
        await shell.see('q leaves, any other key stays');
        shell.press('q');
      },
      'left 0',
    ],
    ['Ctrl-C', (shell) => shell.press('C-c'), 'left 0'],
    ['SIGTERM', (shell) => process.kill(shell.foreground(), 'SIGTERM'), 'left 143'],
  ];
  it('takes its build with it when it is killed', async () => {
    const shell = terminal(place, { user });
    opened = shell;
    place.write({ 'killed/Dockerfile': 'FROM base\nRUN echo begun; sleep 100\n' });
    shell.line('cd killed; clear; mpkit; echo left $?');
    await shell.see('[1 Host]');
    await startBuild(shell, { platforms: 'linux/arm64', base: place.base, more: '--no-cache' });
    await shell.see(/RUN echo begun.*▸/, 60);
    process.kill(shell.foreground(), 'SIGKILL');
    await shell.see('left 137');
    shell.close();
    opened = undefined;
    expect(await lastingLeftovers(place.root)).toEqual([]);
  });

  it.each(ends)(
    'ends with %s while a build runs, and leaves the terminal as it was',
    async (_, end, word) => {
      const shell = terminal(place, { user });
      opened = shell;
      const settings = await shell.settings();
      place.write({ 'long/Dockerfile': 'FROM base\nRUN echo begun; sleep 100\n' });
      shell.line('cd long; clear; mpkit; echo left $?');
      await shell.see('[1 Host]');
      await startBuild(shell, { platforms: 'linux/arm64', base: place.base, more: '--no-cache' });
      await shell.see(/RUN echo begun.*▸/, 60);
      await end(shell);
      expect(await shell.see(word)).not.toContain('[4 Build]');
      expect(await shell.settings()).toBe(settings);
      shell.line('echo still-$((40 + 2))');
      await shell.see('still-42');
    },
  );
});
