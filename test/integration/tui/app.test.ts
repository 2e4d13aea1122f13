import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { requires } from '../../helpers/requires.ts';
import { slowly } from '../../helpers/speed.ts';
import { type Terminal, type TerminalOptions, terminal } from '../../helpers/terminal.ts';
import { type Workplace, workplace } from '../build/workplace.ts';
import { accept, openInterface, startBuild, visitScreens } from './interface.ts';

const need = requires('tmux');
const golden = join(import.meta.dirname, '../../golden/tui');
const sizes: [number, number][] = [
  [80, 24],
  [200, 50],
];

describe.skipIf(!need.ok)(`the interface${need.why}`, () => {
  let place: Workplace;
  let opened: Terminal | undefined;
  beforeAll(() => {
    place = workplace();
    const files = ['Dockerfile', 'compile.sh', 'compile.awk', 'hello.toy'];
    mkdirSync(join(place.folder, 'hello'));
    for (const name of files)
      execFileSync('cp', [join(clone, 'examples/hello', name), join(place.folder, 'hello', name)]);
    place.write({
      'broken/Dockerfile': [
        'FROM base',
        'RUN for i in 1 2 3 4 5 6 7 8 9; do echo "line $i of $(uname -m)"; done; test $(uname -m) != riscv64',
        'RUN echo never',
      ].join('\n'),
    });
  });
  afterEach(() => opened?.close());
  afterAll(() => place.remove());

  const open = async (options?: TerminalOptions, folder = '.') => {
    opened = await openInterface(place, options, folder);
    return opened;
  };
  const prepareBuild = (shell: Terminal, platforms: string, more = '') =>
    startBuild(shell, { platforms, base: place.base, more });
  /** What is known of the last builds. */
  const records = () => {
    const folder = join(place.root, 'builds');
    return readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  };

  describe.each(sizes)('at %d × %d', (columns, rows) => {
    it('reaches every screen, each of which says what to type instead', async () => {
      const shell = await open({ columns, rows });
      await visitScreens(shell, async (screen) => {
        expect(screen).toMatch(/\?\s+help\s+q quit$/);
        shell.press('?');
        await shell.see('The line that begins with $');
        shell.press('Escape');
        await shell.see(/^(?![\s\S]*The line that begins with)/);
      });
      shell.press('q');
      await shell.see('left 0');
    });

    it('shows the host as the doctor does', async () => {
      const shell = await open({ columns, rows });
      const screen = await shell.see(/private namespace:|host handlers|nothing/i, 60);
      expect(screen).toContain('i install');
      shell.press('a');
      await shell.see('cpu.native', 60);
      expect((await shell.settled()).split('\n').length).toBeLessThanOrEqual(rows);
    });

    it('has a form and a help that look as they did', async () => {
      // a state of its own: the form offers what was built before
      const env = { MPKIT_ROOT: join(place.folder, '../unused') };
      const shell = await open({ columns, rows, env });
      shell.press('4');
      await shell.see('What to build:');
      const form = (await shell.settled()).replaceAll(place.folder, 'FOLDER');
      await expect(form).toMatchFileSnapshot(join(golden, `form-${columns}x${rows}.txt`));
      shell.press('?');
      await shell.see('The line that begins');
      const help = (await shell.settled()).replaceAll(place.folder, 'FOLDER');
      await expect(help).toMatchFileSnapshot(join(golden, `help-${columns}x${rows}.txt`));
    });

    it('watches a build of three platforms to its end, and looks into its images', async () => {
      const shell = await open({ columns, rows }, 'hello');
      await prepareBuild(
        shell,
        'linux/amd64,linux/arm64,linux/riscv64',
        '--no-cache -o type=oci,dest=out,tar=false',
      );
      const live = await shell.see(/RUN hello.*~/, 60);
      expect(live).toMatch(/amd64 +arm64 +riscv64/);
      const end = await shell.see(/linux\/riscv64 +\d+ +\d+ +\d+ /, 120);
      expect(end).toMatch(/RUN hello +✓ .*✓~.*✓~/);
      shell.press('5');
      await shell.see(/> .* done /, 60);
      shell.press('Enter');
      await shell.see(/\[linux\/amd64\] {2}linux\/arm64/);
      shell.press('Right');
      const image = await shell.see('[linux/arm64]');
      expect(image).toContain('sha256:');
      expect(image).toMatch(/layers/);
      shell.press('s');
      await shell.see(/^\$ mpkit run --platform linux\/arm64 sha256:/m);
      await shell.see(/[$#] *$/);
      shell.line('hello; uname -m');
      await shell.see('aarch64');
      shell.line('exit');
      await shell.see('Enter goes back');
      shell.press('Enter');
      await shell.see('[linux/arm64]');
      shell.press('q');
      await shell.see('left 0');
    });

    it('explores a failing build: the failure first, its log, a search, a retry', async () => {
      const shell = await open({ columns, rows }, 'broken');
      await prepareBuild(shell, 'linux/amd64,linux/riscv64');
      const end = await shell.see(/1 FAILED {2}failed/, 90);
      expect(end).toMatch(/\[✗~/);
      expect(end).toContain('line 9 of riscv64');
      shell.press('Enter');
      await shell.see('line 1 of riscv64');
      shell.press('/');
      shell.type('LINE 4');
      shell.press('Enter');
      await shell.see('> line 4 of riscv64');
      shell.press('Escape');
      await shell.see('r retry');
      // the second end looks like the first
      const before = records();
      shell.press('r');
      await expect.poll(records, { timeout: slowly(60_000) }).not.toEqual(before);
      await shell.see(/\d cached, 1 FAILED {2}failed/, 60);
      shell.press('e');
      await shell.see('What to build:');
    });
  });

  it('removes an emulator and adds it again, after asking', async () => {
    const program = join(place.folder, 'qemu');
    // a first try may have ended between the two
    if (existsSync(program)) await place.mpkit(['emulator', 'add', program]);
    const shell = await open();
    const kept = JSON.parse((await place.mpkit(['emulator', 'ls', '--json'])).stdout);
    const first = kept[0];
    shell.press('2');
    await shell.see(first.digest.slice(7, 19));
    shell.press('x');
    const question = await shell.see('Do it?');
    expect(question).toContain(`removes QEMU ${first.version} for ${first.architecture}`);
    expect(question).toContain(`$ mpkit emulator rm ${first.digest.slice(7, 19)}`);
    shell.press('n');
    await shell.see('x remove');
    expect(shell.screen()).toContain(first.digest.slice(7, 19));
    // kept for adding it again
    execFileSync('cp', [join(place.root, 'emulators/sha256', first.digest.slice(7)), program]);
    shell.press('x');
    await accept(shell);
    await shell.see(new RegExp(`^(?![\\s\\S]*> ${first.architecture} )[\\s\\S]*x remove`));
    shell.press('n');
    await shell.see('path of a static QEMU');
    shell.type(program);
    shell.press('Enter');
    await accept(shell);
    await shell.see(first.digest.slice(7, 19));
  });

  it('runs a benchmark with moving bars', async () => {
    const shell = await open();
    shell.press('3');
    await shell.see('[x] linux/arm64');
    shell.press('Enter');
    await shell.see(/measuring \w+, .*: \d+ of \d+ samples, \d+ (s|min) left/, 60);
    await shell.see(/arm64 QEMU [\d.]+ +[\d.]+x █+/, 60);
    await shell.see(/measured 2 targets, \d+ turns each/, 180);
    shell.press('2');
    await shell.see(/arm64 .* [\d.]+x {2}debian/);
  });

  it('fits again after the window has changed its size', async () => {
    const shell = await open();
    shell.press('2');
    await shell.see('[2 Emulators]');
    for (const [columns, rows] of [
      [120, 40],
      [60, 15],
      [80, 24],
    ] as const) {
      shell.resize(columns, rows);
      await vi.waitFor(async () => {
        const lines = (await shell.settled()).split('\n');
        expect(lines[0]).toContain('[2 Emulators]');
        expect(lines.length).toBeLessThan(rows + 1);
        expect(lines.filter((line) => line.includes('[2 Emulators]'))).toHaveLength(1);
      }, slowly(30_000));
    }
    shell.resize(30, 8);
    await shell.see('too small');
    // what cannot be seen is not done: no removal, no answer to it
    for (const key of ['x', 'y', '3']) shell.press(key);
    shell.resize(80, 24);
    expect(await shell.see('[2 Emulators]')).toMatch(/\?\s+help\s+q quit$/);
    shell.resize(30, 8);
    await shell.see('too small');
    shell.press('q');
    await shell.see('left 0');
  });

  it('prints the help where nothing can be drawn', async () => {
    opened = terminal(place, { env: { TERM: 'dumb' } });
    opened.line('clear; mpkit; echo left $?');
    expect(await opened.see('left 0')).toContain('usage: mpkit VERB');
    opened.line('clear; mpkit | cat; echo gone $?');
    expect(await opened.see('gone 0')).toContain('usage: mpkit VERB');
  });

  it('has no colour where it is not wanted', async () => {
    opened = terminal(place, { env: { NO_COLOR: '1', LC_ALL: 'C', LANG: 'C' } });
    opened.line('script -qc mpkit typescript; echo left $?');
    await opened.see('[1 Host]');
    await opened.settled();
    opened.press('q');
    await opened.see('left 0');
    const text = readFileSync(join(place.folder, 'typescript'), 'latin1');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
    expect(text).not.toMatch(/\x1b\[[0-9;]*m/);
  });

  it('reads well aloud: the screen reader’s mode has no screen of its own', async () => {
    const shell = await open({ env: { INK_SCREEN_READER: 'true' } });
    shell.press('2');
    await shell.see('[2 Emulators]');
    shell.press('q');
    // what was said stays
    expect(await shell.see(/^left 0/m)).toContain('[2 Emulators]');
  });

  describe('leaves the terminal as it was', () => {
    const throwing = () => {
      const path = join(place.folder, 'throw.cjs');
      writeFileSync(
        path,
        "if (process.stdin.isTTY) process.on('SIGUSR2', () => { throw new Error('thrown on purpose'); });\n",
      );
      return path;
    };
    const send = (signal: NodeJS.Signals) => (shell: Terminal) =>
      void process.kill(shell.foreground(), signal);
    const ends: [string, (shell: Terminal) => void, string][] = [
      ['a normal end', (shell: Terminal) => shell.press('q'), 'left 0'],
      ['Ctrl-C', (shell: Terminal) => shell.press('C-c'), 'left 0'],
      ['SIGTERM', send('SIGTERM'), 'left 143'],
      ['SIGHUP', send('SIGHUP'), 'left 129'],
      ['SIGQUIT', send('SIGQUIT'), 'left 131'],
      ['a thrown error', send('SIGUSR2'), 'left 1'],
    ];
    it.each(ends)('after %s', async (how, leave, end) => {
      opened = terminal(place);
      const before = await opened.settings();
      const word =
        how === 'a thrown error'
          ? `clear; NODE_OPTIONS="--require ${throwing()}" mpkit`
          : 'clear; echo above; mpkit';
      opened.line(`${word}; echo left $?`);
      await opened.see('[1 Host]');
      leave(opened);
      const screen = await opened.see(end);
      expect(screen).not.toContain('[1 Host]');
      if (how === 'a thrown error') expect(screen).toContain('thrown on purpose');
      expect(await opened.settings()).toBe(before);
      // the cursor is there again, and keys are echoed
      opened.line('echo still-$((40 + 2))');
      await opened.see('still-42');
    });
  });
});
