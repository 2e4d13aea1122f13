/** What a person does in the interface: the way into it, and through the build form. */
import type { Project } from '../../helpers/mpkit.ts';
import { type Terminal, type TerminalOptions, terminal } from '../../helpers/terminal.ts';

/** A shell that says `left N` when the interface has ended. */
export async function openInterface(
  place: Pick<Project, 'folder' | 'root'>,
  options?: TerminalOptions,
  folder = '.',
): Promise<Terminal> {
  const shell = terminal(place, options);
  shell.line(`cd ${folder}; clear; mpkit; echo left $?`);
  try {
    await shell.see('[1 Host]');
  } catch (error) {
    shell.close();
    throw error;
  }
  return shell;
}

/** Starts a build; `more` are words for the field of further options. */
export async function startBuild(
  shell: Terminal,
  { platforms, base, more = '' }: { platforms: string; base: string; more?: string },
): Promise<void> {
  shell.press('4');
  await shell.see('What to build:');
  await fill(shell, 1, platforms);
  await fill(shell, 3, `--build-context base=oci-layout://${base} ${more}`);
  shell.press('b');
}

/** Answers the question that has to be on the screen with yes, and waits until it was done. */
export async function accept(shell: Terminal): Promise<void> {
  await shell.see('Do it?');
  shell.press('y');
  await shell.see('done; any key goes on', 60);
  shell.press('Enter');
}

/** Every screen is reached by its number and says which command does the same. */
export async function visitScreens(
  shell: Terminal,
  look: (screen: string) => Promise<void> | void = () => {},
): Promise<void> {
  for (const [key, title, command] of [
    ['1', '[1 Host]', '$ mpkit doctor; mpkit binfmt status'],
    ['2', '[2 Emulators]', '$ mpkit emulator ls'],
    ['3', '[3 Bench]', '$ mpkit bench'],
    ['4', '[4 Build]', '$ mpkit build --platform linux/amd64'],
    ['5', '[5 Results]', '$ mpkit history'],
  ] as const) {
    shell.press(key);
    await shell.see(title);
    await look(await shell.see(command));
  }
}

/** Fills a field of the build form: `down` steps below the one that is chosen. */
async function fill(shell: Terminal, down: number, text: string): Promise<void> {
  for (let at = 0; at < down; at++) shell.press('Down');
  shell.press('Enter');
  await shell.see('Enter takes it');
  for (let at = 0; at < 60; at++) shell.press('BSpace');
  shell.type(text);
  shell.press('Enter');
  await shell.see('What to build:');
}
