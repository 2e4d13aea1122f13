/** The interface on a terminal: keys in, pictures out, and the terminal as it was at the end. */
import { render, useInput } from 'ink';
import { asciiStream } from './ascii.ts';
import { AppView, isTooSmall } from './components/app-view.tsx';
import { readKey } from './ink-key.ts';
import type { AppPort } from './port.ts';
import { signsFor } from './signs.ts';
import type { Key } from './state/key.ts';
import { createStore, type Store } from './store.ts';
import { ThemeContext } from './theme.ts';

export interface AppStreams {
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
  environment: NodeJS.ProcessEnv;
}

export interface RunningApp {
  /** Resolves when the user leaves; rejects with what broke a picture. */
  finished: Promise<void>;
  /** The terminal as it was; at once, and harmless when called again. */
  restore: () => void;
  /** Ends the commands that still run. */
  stop: () => Promise<void>;
}

/** Milliseconds between two pictures that no key asked for. */
const interval = 150;

export function openApp(port: AppPort, streams: AppStreams): RunningApp {
  const readsAloud = streams.environment.INK_SCREEN_READER === 'true';
  let leave = () => {};
  let fail = (_: unknown) => {};
  const finished = new Promise<void>((resolve, reject) => {
    leave = resolve;
    fail = reject;
  });
  let screen: Screen | undefined;
  const store = createStore(port, {
    changed: (isUrgent) => screen?.changed(isUrgent),
    quit: () => leave(),
    lend: async (action) => {
      screen?.close();
      await letGo(streams.input);
      try {
        await action();
      } finally {
        screen = openScreen(store, { ...streams, readsAloud, fail });
      }
    },
  });
  screen = openScreen(store, { ...streams, readsAloud, fail });
  store.begin();
  // time passes for what runs
  const clock = setInterval(() => {
    if (!readsAloud && store.isBusy()) screen?.changed(false);
  }, 500);
  return {
    finished,
    restore: () => {
      clearInterval(clock);
      screen?.close();
      screen = undefined;
    },
    stop: store.stop,
  };
}

/** What still reads would take every other key from the command that has the terminal now. */
async function letGo(input: NodeJS.ReadStream): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  input.resume();
  input.pause();
}

interface Screen {
  changed: (isUrgent: boolean) => void;
  close: () => void;
}

type ScreenOptions = AppStreams & { readsAloud: boolean; fail: (error: unknown) => void };

const enterOwnScreen = '\u001b[?1049h\u001b[H';
const leaveOwnScreen = '\u001b[?1049l';

function openScreen(store: Store, options: ScreenOptions): Screen {
  const { input, environment, readsAloud, fail } = options;
  const output = asciiStream(options.output, environment);
  const theme = signsFor(environment);
  const size = () => ({ columns: output.columns || 80, rows: output.rows || 24 });
  const press = (key: Key) => {
    if (isTooSmall(size())) leaveOnly(store, key);
    else store.press(key);
  };
  const picture = () => (
    <ThemeContext value={theme}>
      <Keys press={press} />
      <AppView {...{ state: store.state(), now: Date.now() }} {...size()} />
    </ThemeContext>
  );
  if (!readsAloud) output.write(enterOwnScreen);
  const ink = render(picture(), { stdin: input, stdout: output, exitOnCtrlC: false });
  ink.waitUntilExit().catch(fail);
  let timer: NodeJS.Timeout | undefined;
  let isOpen = true;
  // one that is closed would take the keys again
  const draw = () => {
    if (isOpen) ink.rerender(picture());
  };
  const drawSoon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      draw();
    }, interval);
  };
  output.on('resize', drawSoon);
  return {
    changed: (isUrgent) => (isUrgent ? draw() : drawSoon()),
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      clearTimeout(timer);
      output.off('resize', drawSoon);
      ink.unmount();
      // what was said stays, and what follows begins a line
      output.write(readsAloud ? '\n' : leaveOwnScreen);
    },
  };
}

/** What a key would do cannot be seen. */
function leaveOnly(store: Store, { name, text }: Key): void {
  if (name === 'interrupt' || text === 'q') store.press({ name: 'interrupt', text: '' });
}

function Keys({ press }: { press: (key: Key) => void }) {
  useInput((text, key) => {
    readKey(text, key).forEach(press);
  });
  return null;
}
