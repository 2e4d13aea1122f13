/**
 * Rows P4 and P5 where a terminal draws: what steps print and files are called changes nothing but
 * the lines that show it, in the live build view and in the interface.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { requires } from '../../helpers/requires.ts';
import { type Terminal, terminal } from '../../helpers/terminal.ts';
import { type Workplace, workplace } from '../build/workplace.ts';
import { startBuild } from './interface.ts';

const need = requires('tmux', 'script');

/** Title, clipboard, reset, clear (also as one C1 byte), cursor, colour, backspace, DEL. */
const sequences = String.raw`\033]0;forged\007\033]52;c;Zm9yZ2Vk\007\033c\033[2J\302\2332J\033[9;9H\033[31mred\033[0m\010\177`;
const commands = String.raw`::add-mask::x\n  ::set-output name=a::b\n##[error]y\nabc ##[add-mask]z\n`;
const name = '\u001b]0;forged\u0007\u001b[2J\u009b2Jodd name';

describe.skipIf(!need.ok)(`output that means harm${need.why}`, () => {
  let place: Workplace;
  let opened: Terminal | undefined;
  beforeAll(() => {
    place = workplace();
    const print = `printf '${commands}${sequences}first\\n${sequences}\\r${sequences}last\\n'`;
    place.write({
      'ctx/Dockerfile': `FROM base\nCOPY . /x\nRUN ${print}; sleep 6; ls /x >&2; ${print}; false\n`,
      [`ctx/${name}`]: '',
      'named/Dockerfile': `FROM base\nCOPY ["${name}", "/y"]\n`,
    });
  });
  afterEach(() => opened?.close());
  afterAll(() => place?.remove());

  const open = (options?: Parameters<typeof terminal>[1]) => {
    opened = terminal(place, options);
    rmSync(join(place.folder, 'record'), { force: true });
    return opened;
  };
  const build = (context: string) =>
    `mpkit build --no-cache --build-context base=oci-layout://${place.base} --platform linux/amd64,linux/arm64 ${context}`;
  /** What the terminal was sent, and what came of it. */
  const harm = (shell: Terminal) => {
    const sent = readFileSync(join(place.folder, 'record'), 'utf8').split('\n').slice(1).join('\n');
    const text = sent.replaceAll(ours, '\n');
    return {
      title: shell.title(),
      clipboard: shell.clipboard(),
      controls: [...text.matchAll(foreignControl)].map(([found]) => JSON.stringify(found)),
      commands: text.split(/[\r\n]/).filter((line) => /^\s*::|##\[/.test(line)),
      misses: ['first', 'last', 'add-mask'].filter((word) => !text.includes(word)),
    };
  };
  const none = { title: '', clipboard: '', controls: [], commands: [], misses: [] };

  it('P4 P5 is only text in the live view and in the summary', async () => {
    const shell = open({ rows: 50 });
    shell.line(`clear; echo above; script -qefc "${build('ctx')}" record; echo ended $?`);
    await shell.see(/│ .*last/, 60);
    expect(await shell.see('ended 1', 60)).toMatch(/^FAILED linux\/\w+ 3\/3/m);
    expect(shell.screen()).toMatch(/^ {2}\| .*red.*last$/m);
    expect(harm(shell)).toEqual(none);
  });

  it('P4 is only text where it is the name of a file', async () => {
    const shell = open();
    shell.line(`clear; echo above; script -qefc "${build('named')}" record; echo ended $?`);
    expect(await shell.see('ended 1', 60)).toContain('odd name');
    expect(shell.screen()).toContain('above');
    expect(harm(shell)).toMatchObject({ title: '', clipboard: '', controls: [] });
  });

  it('P4 P5 is only text in the interface, its matrix and its log', async () => {
    const shell = open({ rows: 40 });
    shell.line('cd ctx; clear; script -qefc mpkit ../record; cd ..; echo left $?');
    await shell.see('[1 Host]');
    const platforms = 'linux/amd64,linux/arm64';
    await startBuild(shell, { platforms, base: place.base, more: '--no-cache' });
    await shell.see(/│ .*last/, 60);
    await shell.see(/FAILED {2}failed/, 60);
    shell.press('Enter');
    const log = await shell.see(/lines \d+-\d+ of/);
    expect(log).toMatch(/^│ ::add-mask::x$/m);
    expect(log).toMatch(/^│ .*red.*first$/m);
    shell.press('/');
    shell.type('red');
    shell.press('Enter');
    await shell.see(/^> .*red.*last$/m);
    shell.press('Escape');
    await shell.see('r retry');
    shell.press('5');
    await shell.see('[5 Results]');
    shell.press('q');
    await shell.see('left 0');
    expect(harm(shell)).toEqual(none);
  });
});

/** What Ink and the interface send: colours, erasing, moving by lines, the cursor, the own screen. */
const ours =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
  /\x1b\[(?:[0-9;]*m|[012]?K|[0-9]*[ABEFG]|\?25[lh]|\?1049[lh]|\?2026[lh]|\?2004[lh]|H)/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
const foreignControl = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f].{0,8}/g;
