/** The Host screen on a host of its own: what it announces is what then changes. */
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { cpus, formatEntry } from '../../../src/binfmt/index.ts';
import { hostPlatform } from '../../../src/platform.ts';
import { emulatorState } from '../../helpers/fixtures.ts';
import { flat } from '../../helpers/flat.ts';
import { type Project, project } from '../../helpers/mpkit.ts';
import { foreignCpus } from '../../helpers/native-cpus.ts';
import { privateHost } from '../../helpers/private-host.ts';
import { requires } from '../../helpers/requires.ts';
import type { Terminal } from '../../helpers/terminal.ts';
import { openInterface } from './interface.ts';

const host = privateHost();
const tmux = requires('tmux');
const ok = host.ok && tmux.ok;
const sizes: [number, number][] = [
  [80, 24],
  [200, 50],
];
const foreign = foreignCpus().map((cpu) => cpu.architecture);
const [first, second] = foreign as [string, string];

interface Host {
  shell: Terminal;
  /** Runs a script there beside the interface, as anybody could; its stdout. */
  run: (script: string) => string;
  /** Of the handlers, sorted. */
  names: () => string[];
  handlers: () => { name: string; boot: string | null; works: string; version: string }[];
  /** Answers the question on the screen; resolves when its command has ended, and was seen. */
  agree: (end?: string) => Promise<string>;
}

describe.skipIf(!ok)(`the Host screen${host.why || tmux.why}`, () => {
  const projects: Project[] = [];
  let opened: Terminal | undefined;
  afterEach(() => opened?.close());
  afterAll(() => projects.forEach((each) => void each.remove()));

  const open = async (columns = 80, rows = 24): Promise<Host> => {
    const made = project();
    projects.push(made);
    emulatorState(made);
    const shell = await openInterface(made, { columns, rows, within: host.enter(made) });
    opened = shell;
    await shell.see('handlers: an empty binfmt_misc');
    const run = (script: string) => {
      const words = [...host.join(shell.pid()), `MPKIT_ROOT=${made.root}`, 'sh', '-ec', script];
      const { status, stdout, stderr } = spawnSync(words[0]!, words.slice(1), { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      return stdout;
    };
    const agree = async (end = 'done; any key goes on') => {
      shell.press('y');
      const screen = await shell.see(end, 120);
      shell.press('Enter');
      return screen;
    };
    const handlers = () => JSON.parse(run('mpkit binfmt status --json')).handlers;
    const names = () =>
      handlers()
        .map(({ name }: { name: string }) => name)
        .sort();
    return { shell, run, names, handlers, agree };
  };
  /** Asks with a key, and gives the question without its line breaks. */
  const ask = async (shell: Terminal, ...keys: string[]) => {
    shell.press(...keys);
    return flat(await shell.see('Do it?'));
  };
  /** Moves the cursor to the last line of the list. */
  const toLast = (shell: Terminal) => {
    shell.press('PageDown', 'PageDown', 'PageDown', 'PageDown');
  };

  it('installs every CPU and takes all away, as announced', async () => {
    const { shell, names, handlers, agree } = await open();
    const question = await ask(shell, 'i');
    expect(question).toContain('$ mpkit binfmt install all ');
    expect(question).toContain('until the next restart');
    const announced = listed(question, /registers (.*) for all programs/);
    await agree();
    expect(names()).toEqual(announced.sort());
    expect(announced).toEqual(foreign.map((each) => `mpkit-${each}`).sort());
    expect(handlers().filter(({ works }) => works !== 'yes')).toEqual([]);
    await shell.see(/handler {2}mpkit-\w+: linux\/\w+, works, of mpkit/);
    toLast(shell);
    const { name, version } = handlers().at(-1)!;
    await shell.see(`> handler  ${name}`);
    await shell.see(spaced(`works, of mpkit, QEMU ${version}, flags PF, until restart`));
    expect(await ask(shell, 'i')).toContain('registers nothing new');
    shell.press('Escape');
    await shell.see('i install all');
    const farewell = await ask(shell, 'U');
    expect(listed(farewell, /takes away (.*?) and every/).sort()).toEqual(announced);
    await agree();
    await shell.see('handlers: an empty binfmt_misc');
    await shell.see(without('mpkit-'));
    expect(names()).toEqual([]);
  });

  it.each(sizes)(
    'installs the CPUs that are typed, and takes away the one that is chosen, at %d × %d',
    async (columns, rows) => {
      const { shell, names, agree } = await open(columns, rows);
      const own = hostPlatform().architecture;
      const asTable = new RegExp(`^linux/${own} +native `, 'm');
      await shell.see(columns > 100 ? asTable : new RegExp(`^native: ${own}\\b`, 'm'));
      shell.press('a');
      await shell.see('cpu.native');
      shell.press('a');
      await shell.see(without('cpu.native'));
      shell.press('I');
      await shell.see('CPUs to install handlers for');
      shell.type(`${first}, linux/${second}`);
      const question = await ask(shell, 'Enter');
      expect(question).toContain(`registers mpkit-${first}, mpkit-${second} for all`);
      shell.press('n');
      await shell.see('i install all');
      expect(names()).toEqual([]);
      shell.press('I');
      await shell.see('CPUs to install handlers for');
      shell.type(`${first} ${second}`);
      expect(await ask(shell, 'Enter')).toContain(`$ mpkit binfmt install ${first} ${second}`);
      await agree();
      const both = [`mpkit-${first}`, `mpkit-${second}`].sort();
      expect(names()).toEqual(both);
      await shell.see(`handler  mpkit-${second}`);
      toLast(shell);
      const chosen = /> handler {2}(mpkit-\w+):/.exec(await shell.see('> handler'))?.[1] as string;
      expect(await ask(shell, 'u')).toContain(`takes the handler \`${chosen}\` away`);
      await agree();
      await shell.see(without(`handler  ${chosen}`));
      expect(names()).toEqual(both.filter((name) => name !== chosen));
      shell.press('q');
      await shell.see('left 0');
    },
  );

  it('says that a word names no CPU, and what the command says to it', async () => {
    const { shell, names, agree } = await open();
    shell.press('I');
    await shell.see('CPUs to install handlers for');
    shell.type('vax');
    expect(await ask(shell, 'Enter')).toContain('nothing: no CPU is named by `vax`');
    expect(flat(await agree('FAILED with status 2'))).toContain('invalid platform `vax`');
    expect(names()).toEqual([]);
  });

  it('leaves the handler of somebody else, shown as it comes, and replaces it when told', async () => {
    const { shell, run, names, agree } = await open();
    run(foreignHandler('theirs'));
    await shell.see('handler  theirs: linux/');
    expect(await ask(shell, 'i')).toContain('leaves `theirs`, which works');
    shell.press('n');
    await shell.see('i install all');
    toLast(shell);
    await shell.see('> handler  theirs');
    shell.press('u');
    const refusal = flat(await shell.see('This cannot be done from here'));
    expect(refusal).toContain("is not mpkit's, its owner is unknown");
    expect(refusal).toContain('$ mpkit binfmt uninstall theirs --foreign');
    shell.press('y');
    await shell.see('i install all');
    expect(names()).toEqual(['theirs']);
    const question = await ask(shell, 'R');
    expect(question).toContain(`registers mpkit-${first} for all`);
    expect(question).toContain('takes `theirs` (unknown) away');
    expect(question).toContain(`$ mpkit binfmt install ${first} --replace`);
    await agree();
    expect(names()).toEqual([`mpkit-${first}`]);
    await shell.see(without('theirs'));
    await shell.see(`handler  mpkit-${first}`);
  });

  it('shows without a key what others register, switch off, switch on and remove', async () => {
    const { shell, run } = await open();
    run(foreignHandler('theirs'));
    await shell.see(/handler {2}theirs: linux\/\w+, works, of unknown/);
    run('echo 0 > /proc/sys/fs/binfmt_misc/theirs');
    await shell.see(/handler {2}theirs: linux\/\w+, disabled, /);
    // what the doctor finds about it comes and goes too
    await shell.see(/handler\.enabled theirs/);
    run('echo 1 > /proc/sys/fs/binfmt_misc/theirs');
    await shell.see(/handler {2}theirs: linux\/\w+, works/);
    await shell.see(without('handler.enabled'));
    run('echo -1 > /proc/sys/fs/binfmt_misc/theirs');
    await shell.see('handlers: an empty binfmt_misc');
    await shell.see(without('theirs'));
    run('umount /proc/sys/fs/binfmt_misc');
    await shell.see('handlers: binfmt_misc is not mounted');
    expect(await ask(shell, 'i')).toContain('mounts binfmt_misc');
  });

  it('writes for every boot what it announces, and takes it away', async () => {
    const { shell, run, handlers, agree } = await open();
    run(`mpkit binfmt install ${first}`);
    await shell.see(`handler  mpkit-${first}`);
    const question = await ask(shell, 'p');
    expect(question).toContain('writes boot configuration');
    expect(listed(question, /registers (.*) for all/)).not.toContain(`mpkit-${first}`);
    await agree();
    expect(handlers()).toHaveLength(foreign.length);
    expect(handlers().filter(({ boot }) => boot === null)).toEqual([]);
    toLast(shell);
    await shell.see(spaced('flags PF, comes back at boot'));
    const bootFiles = [...new Set(handlers().map(({ boot }) => boot as string))];
    await ask(shell, 'U');
    await agree();
    expect(handlers()).toEqual([]);
    for (const file of bootFiles)
      expect(run(`test ! -e ${file} || cat ${file}`)).not.toContain('mpkit-');
  });

  it('tells why nothing is kept where nothing runs at boot', async () => {
    const { shell, run, handlers, agree } = await open();
    // on a merged /usr it is all below /usr and /etc
    run(
      'for each in /usr/lib/systemd /usr/sbin/openrc /etc/init.d /usr/sbin/update-binfmts; do rm -rf $each; done',
    );
    await ask(shell, 'p');
    expect(flat(await agree('FAILED with status 3'))).toContain(
      'nothing that runs at boot was found',
    );
    expect(handlers()).toEqual([]);
  });

  it('is not taken in by the name of a handler', async () => {
    const { shell, run, handlers } = await open();
    const name = String.raw`\033]0;forged\007\033]52;c;Zm9yZ2Vk\007\033[2J\302\2332Jnamed`;
    run(foreignHandler('theirs').replace(':theirs:', `:'"$(printf '${name}')"':`));
    await shell.see(/handler {2}.*named: linux\/\w+, works/);
    expect(handlers()[0]?.name).toContain('forged');
    toLast(shell);
    await shell.see(/> handler {2}.*named/);
    shell.press('u');
    expect(await shell.see('This cannot be done from here')).toContain('[1 Host]');
    shell.press('n');
    await shell.see('i install all');
    expect(await ask(shell, 'R')).toMatch(/takes `.*named` \(unknown\) away/);
    expect(shell.title()).toBe('');
    expect(shell.clipboard()).toBe('');
  });
});

/** A script that registers an emulator of the first foreign CPU as somebody else's. */
function foreignHandler(name: string): string {
  const cpu = cpus.find(({ architecture }) => architecture === first)!;
  const match = { offset: 0, magic: cpu.magic, mask: cpu.mask };
  const interpreter = '/usr/bin/qemu-x';
  const line = formatEntry({ name, match, interpreter, flags: 'PF' });
  return `mpkit binfmt install ${first} >&2
cp /usr/lib/mpkit/emulators/* ${interpreter}
mpkit binfmt uninstall all >&2
printf %s '${line}' > /proc/sys/fs/binfmt_misc/register`;
}

function listed(text: string, pattern: RegExp): string[] {
  return (pattern.exec(text)?.[1] ?? '').split(', ');
}

/** A screen that has it nowhere. */
function without(text: string): RegExp {
  return new RegExp(`^(?![\\s\\S]*${text})`);
}

/** The text, wherever its lines are broken. */
function spaced(text: string): RegExp {
  return new RegExp(text.replaceAll(' ', '\\s+'));
}
