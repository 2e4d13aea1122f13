import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { debianArchive } from '../../helpers/debian-archive.ts';
import { emulatorState } from '../../helpers/fixtures.ts';
import type { ListedEmulator } from '../../helpers/listed-emulator.ts';
import { type Project, project } from '../../helpers/mpkit.ts';
import { requires } from '../../helpers/requires.ts';
import { type Terminal, terminal } from '../../helpers/terminal.ts';

const need = requires('tmux');
const { network } = await debianArchive();

describe.skipIf(!need.ok)(`the emulators screen${need.why}`, () => {
  let place: Project;
  let shell: Terminal;
  let arm64: ListedEmulator;
  beforeAll(async () => {
    place = project();
    emulatorState(place);
    arm64 = await stored('arm64');
  });
  beforeEach(async () => {
    emulatorState(place);
    rmSync(join(place.root, 'emulators/choices.json'), { force: true });
    rmSync(join(place.root, 'benches'), { recursive: true, force: true });
    shell = terminal(place, { columns: 80, rows: 24 });
    shell.line('clear; mpkit; echo left $?');
    await shell.see('[1 Host]');
    shell.press('2');
    await shell.see(/> \S+ +\d/);
  });
  afterEach(async () => {
    // what the interface still runs would write into the folder that is removed
    if (!/^left \d/m.test(shell.screen())) shell.press('C-c');
    await shell.see(/^left \d/m).catch(() => {});
    shell.close();
  });
  afterAll(() => place.remove());

  const stored = async (architecture: string) => {
    const { stdout } = await place.mpkit(['emulator', 'ls', '--json']);
    const found = (JSON.parse(stdout) as ListedEmulator[]).find(
      (each) => each.architecture === architecture,
    );
    return found as ListedEmulator;
  };
  /** Moves the cursor to that CPU's row. */
  const select = async (architecture: string) => {
    for (let at = 0; at < 20; at++) {
      if (new RegExp(`^> ${architecture} `, 'm').test(await shell.settled())) return;
      shell.press('Down');
    }
    throw new Error(`no row of ${architecture}:\n${shell.screen()}`);
  };
  /** Answers the question that has to be on the screen, and waits for the command's end. */
  const confirm = async (command: string, seconds?: number) => {
    const question = await shell.see('Do it?');
    expect(question).toContain(`$ mpkit ${command}`);
    shell.press('y');
    const end = await shell.see(/done; any key goes on|FAILED with status/, seconds);
    expect(end).toContain(`$ mpkit ${command}`);
    shell.press('Enter');
    return end;
  };
  /** The help says which plain command a key stands for. */
  const explained = async (command: string) => {
    shell.press('?');
    const help = await shell.see('any key goes back');
    // a long one goes on in the next row
    expect(help.replaceAll(/\s+/g, ' ')).toContain(`$ mpkit ${command} `);
    shell.press('Space');
    await shell.see('q quit');
  };
  const digest = () => arm64.digest.slice(7, 19);

  it('chooses an emulator and a CPU model, and takes it back', async () => {
    await select('arm64');
    const at = `QEMU ${arm64.version} runs linux/arm64 as `;
    expect(shell.screen()).toMatch(/^> arm64 .* newest /m);
    expect(shell.screen()).toContain(`${at}its default CPU: it is the newest`);
    await explained(`emulator choose arm64 ${digest()}`);
    await explained('bench --emulators --keep --platform linux/arm64');
    expect(shell.screen()).not.toContain('undo choice');

    shell.press('Enter');
    expect(await confirm(`emulator choose arm64 ${digest()}`)).toContain('chosen for arm64');
    await shell.see(`${at}its default CPU: it was chosen`);
    expect(await stored('arm64')).toMatchObject({ used: true, chosen: true, cpu: 'default' });

    shell.press('m');
    await shell.see('CPU model of arm64, as in QEMU_CPU (now default)');
    shell.type('cortex-a53');
    shell.press('Enter');
    await confirm(`emulator choose arm64 ${digest()} --cpu cortex-a53`);
    await shell.see(`${at}CPU cortex-a53: it was chosen`);
    expect(shell.screen()).toMatch(/^> arm64 .* chosen /m);
    await explained('emulator choose arm64 --default');
    expectWhole(shell.screen());
    expect(await stored('arm64')).toMatchObject({ chosen: true, cpu: 'cortex-a53' });

    shell.press('d');
    expect(await shell.see('Do it?')).toContain('the newest is used again');
    await confirm('emulator choose arm64 --default');
    await shell.see(`${at}its default CPU: it is the newest`);
    expect(await stored('arm64')).toMatchObject({ used: true, chosen: false });
    shell.press('q');
    await shell.see('left 0');
  });

  it('fits with every key where the locale has no Unicode, too', async () => {
    await place.mpkit(['emulator', 'choose', 'arm64', arm64.digest, '--cpu', 'cortex-a53']);
    const plain = terminal(place, { columns: 80, rows: 24, env: { LC_ALL: 'C' } });
    try {
      plain.line('clear; mpkit; echo left $?');
      await plain.see('[1 Host]');
      plain.press('2');
      await plain.see(/^> 386 /m);
      for (let at = 0; at < 20 && !/^> arm64 /m.test(await plain.settled()); at++)
        plain.press('Down');
      expectWhole(plain.screen());
      plain.press('q');
      await plain.see('left 0');
    } finally {
      plain.close();
    }
  });

  it('shows why a CPU model was refused, and keeps what was', async () => {
    await select('arm64');
    shell.press('m');
    await shell.see('CPU model of arm64');
    shell.type('unheard');
    shell.press('Enter');
    const end = await confirm(`emulator choose arm64 ${digest()} --cpu unheard`);
    expect(end).toContain('FAILED with status 3');
    expect(end.replaceAll('\n', '')).toContain('does not run `linux/arm64` as CPU `unheard`');
    await shell.see(/^> arm64 .* newest /m);
    expect(await stored('arm64')).toMatchObject({ chosen: false });
  });

  it('measures, keeps the fastest and shows how fast it is', async () => {
    await select('riscv64');
    expect(shell.screen()).toMatch(/^> riscv64 .* newest +- /m);
    shell.press('c');
    expect(await shell.see('Do it?')).toContain('and keeps the fastest');
    await confirm('bench --emulators --keep --platform linux/riscv64', 400);
    await shell.see(/^> riscv64 .* chosen +[\d.]+x /m);
    const { cpu, chosen } = await stored('riscv64');
    expect(chosen).toBe(true);
    expect(['default', 'max']).toContain(cpu);
    await shell.see(`as ${cpu === 'default' ? 'its default CPU' : `CPU ${cpu}`}: it was chosen`);
  });

  it.skipIf(!network.ok)(`fetches what is missing${network.why}`, async () => {
    const missing = await stored('s390x');
    await place.mpkit(['emulator', 'rm', 's390x']);
    shell.press('r');
    await shell.see(/^(?![\s\S]*^ +s390x )[\s\S]*x remove/m);
    shell.press('a');
    expect(await shell.see('Do it?')).toContain('fetches the emulators of every CPU');
    await confirm('emulator add', 300);
    await shell.see(/^ +s390x +\d/m);
    expect(await stored('s390x')).toMatchObject({ architecture: 's390x', used: true });
    expect(missing.used).toBe(true);
  });
});

/** The command from its beginning, and the keys to their end. */
function expectWhole(screen: string): void {
  expect(screen).toMatch(/^\$ mpkit emulator ls$/m);
  expect(screen).toMatch(/d undo choice[\s\S]*\?\s+help\s+q quit$/);
  expect(screen.split('\n').length).toBeLessThanOrEqual(24);
}
