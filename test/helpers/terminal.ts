import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clone, type Project } from './mpkit.ts';
import { slowly } from './speed.ts';
import { asUser, type TestUser } from './users.ts';

/** A shell in a real terminal (tmux) of that size; `close` ends both. */
export interface Terminal {
  /** Types text and presses Enter. */
  line(text: string): void;
  /** Types text; nothing in it is a key's name. */
  type(text: string): void;
  /** Presses keys, by tmux's names: `Enter`, `Down`, `C-c`. */
  press(...keys: string[]): void;
  /** What is seen now, without blanks at the ends of lines and of the screen. */
  screen(): string;
  /** The screen once it shows that; throws with what it shows instead. */
  see(what: string | RegExp, seconds?: number): Promise<string>;
  /** The screen once it is the same for a moment. */
  settled(): Promise<string>;
  resize(columns: number, rows: number): void;
  /** `stty -g`, asked by the shell. */
  settings(): Promise<string>;
  /** Of the shell. */
  pid(): number;
  /** Of the command that the shell waits for. */
  foreground(): number;
  /** What programs made the window's title; empty unless one did. */
  title(): string;
  /** What programs put into the clipboard (OSC 52). */
  clipboard(): string;
  close(): void;
}

let count = 0;

export interface TerminalOptions {
  columns?: number;
  rows?: number;
  env?: Record<string, string>;
  /** Whose terminal it is: tmux and the shell run as this user. */
  user?: TestUser | undefined;
  /** Words before the shell's, that start it somewhere else. */
  within?: string[];
}

export function terminal(
  project: Pick<Project, 'folder' | 'root'>,
  { columns = 80, rows = 24, env = {}, user, within = [] }: TerminalOptions = {},
): Terminal {
  const socket = `mpkit-test-${process.pid}-${++count}`;
  const tmux = (...words: string[]) => {
    const [program, ...rest] = asUser(user, ['tmux', '-L', socket, '-f', '/dev/null', ...words]);
    return execFileSync(program as string, rest, {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, LC_ALL: 'C.UTF-8', TMUX: '', TMUX_TMPDIR: tmpdir() },
    });
  };
  const environment = {
    ...{
      PS1: '$ ',
      LC_ALL: 'C.UTF-8',
      HOME: join(dirname(project.root), 'home'),
      MPKIT_ROOT: project.root,
      PATH: `${clone}/bin:${process.env.PATH}`,
    },
    ...env,
  };
  const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const size = ['-x', String(columns), '-y', String(rows)];
  // where CI is set, nothing would be drawn
  const without = ['CI', 'NO_COLOR', 'XDG_CACHE_HOME', 'XDG_DATA_HOME'].flatMap((name) => [
    '-u',
    name,
  ]);
  const shell = ['env', ...without, ...words, ...within, 'bash', '--norc', '--noprofile'];
  tmux('new-session', '-d', ...size, '-s', 'test', '-c', project.folder, ...shell);
  tmux('set-option', '-g', 'window-size', 'manual');
  tmux('set-option', '-g', 'set-clipboard', 'on');
  tmux('select-pane', '-t', 'test', '-T', '');
  const pid = () => Number(tmux('display-message', '-p', '-t', 'test', '#{pane_pid}'));
  const screen = () =>
    tmux('capture-pane', '-p', '-t', 'test')
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  const see = async (what: string | RegExp, seconds = 60) => {
    const end = Date.now() + slowly(seconds * 1000);
    for (;;) {
      const now = screen();
      if (typeof what === 'string' ? now.includes(what) : what.test(now)) return now;
      if (Date.now() > end) throw new Error(`no ${what} within ${seconds} s, but:\n${now}`);
      await sleep(50);
    }
  };
  const type = (text: string) => void tmux('send-keys', '-t', 'test', '-l', '--', text);
  const press = (...keys: string[]) => {
    for (const key of keys) tmux('send-keys', '-t', 'test', key);
  };
  const line = (text: string) => {
    type(text);
    press('Enter');
  };
  let asked = 0;
  return {
    line,
    type,
    press,
    screen,
    see,
    settled: async () => {
      for (let last = screen(); ; ) {
        await sleep(500);
        const now = screen();
        if (now === last) return now;
        last = now;
      }
    },
    resize: (width, height) =>
      void tmux('resize-window', '-t', 'test', '-x', String(width), '-y', String(height)),
    settings: async () => {
      const mark = `asked${++asked}`;
      // in two parts, so that the typed line is not taken for the answer
      line(`clear; echo "$(stty -g | cut -c1-60)" ${mark.slice(0, 5)}''${mark.slice(5)}`);
      return (await see(new RegExp(`^\\S+ ${mark}$`, 'm'))).split(' ')[0] ?? '';
    },
    pid,
    foreground: () => {
      const children = readFileSync(`/proc/${pid()}/task/${pid()}/children`, 'utf8');
      return Number(children.trim().split(' ').at(-1));
    },
    title: () => tmux('display-message', '-p', '-t', 'test', '#{pane_title}').trim(),
    clipboard: () => tmux('list-buffers', '-F', '#{buffer_sample}').trim(),
    close: () => {
      try {
        tmux('kill-server');
      } catch {
        // ended by itself
      }
    },
  };
}
