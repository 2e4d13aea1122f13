/** Holds the state, and does what it asks for: the only place where the interface acts. */
import { cleanLine } from './clean.ts';
import type { AppPort, RunningJob } from './port.ts';
import { type AppEvent, type AppState, startApp, updateApp } from './state/app.ts';
import { commandLine, type Effect, type JobName } from './state/effect.ts';
import type { Key } from './state/key.ts';

export interface Store {
  state: () => AppState;
  begin: () => void;
  press: (key: Key) => void;
  /** Whether something is shown whose time runs. */
  isBusy: () => boolean;
  /** Ends what runs, and waits a few seconds for it. */
  stop: () => Promise<void>;
}

export interface StoreListener {
  /** `isUrgent`: somebody pressed a key and waits. */
  changed: (isUrgent: boolean) => void;
  quit: () => void;
  /** Gives the terminal away for as long as the action takes. */
  lend: (action: () => Promise<void>) => Promise<void>;
}

/** Jobs that change something: never started by themselves. */
const doing: readonly JobName[] = ['action', 'build', 'bench'];

/** Milliseconds. */
const patience = 5000;

export function createStore(port: AppPort, listener: StoreListener): Store {
  const [start, firstEffects] = startApp(port);
  let state = start;
  const jobs = new Map<JobName, RunningJob>();
  const askedAgain = new Map<JobName, readonly string[]>();
  const dispatch = (event: AppEvent) => {
    const [next, effects] = updateApp(state, event);
    state = next;
    effects.forEach(perform);
    listener.changed(event.type === 'key');
  };
  const perform = (effect: Effect) => {
    switch (effect.type) {
      case 'run':
        return run(effect.job, effect.command);
      case 'stop':
        return jobs.get(effect.job)?.stop();
      case 'copy':
        return copy(effect.text);
      case 'quit':
        return listener.quit();
      case 'interactive':
        return void listener.lend(() => lend(effect.command));
    }
  };
  /** One of a kind. What only looks may have looked too early when it is asked again: once more then. */
  const run = (job: JobName, command: readonly string[]) => {
    if (jobs.has(job)) {
      if (!doing.includes(job)) askedAgain.set(job, command);
      return;
    }
    const running = port.start(command, {
      line: (stream, line) => dispatch({ type: 'line', job, stream, line }),
      end: (code, stdout) => {
        // it may show what the watch missed, and would miss again once it is changed back
        if (!isStopping) watch.check();
        jobs.delete(job);
        dispatch({ type: 'exit', job, code, stdout, at: Date.now() });
        const again = askedAgain.get(job);
        askedAgain.delete(job);
        if (again && !isStopping) run(job, again);
      },
    });
    jobs.set(job, running);
  };
  const lend = async (command: readonly string[]) => {
    process.stdout.write(`$ ${cleanLine(commandLine(command), false)}\n`);
    const code = await port.interactive(command);
    process.stdout.write(`\nended with status ${code}; Enter goes back\n`);
    await nextLine();
  };
  let isStopping = false;
  const watch = port.watchHandlers(() => dispatch({ type: 'handlers changed' }));
  return {
    state: () => state,
    begin: () => firstEffects.forEach(perform),
    press: (key) => dispatch({ type: 'key', key, at: Date.now() }),
    isBusy: () => jobs.has('build') || jobs.has('bench'),
    stop: async () => {
      watch.stop();
      isStopping = true;
      for (const job of jobs.values()) job.stop();
      const end = Date.now() + patience;
      while (jobs.size > 0 && Date.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}

/** OSC 52: the terminal puts it into the clipboard, through ssh too, where it is allowed to. */
function copy(text: string): void {
  process.stdout.write(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`);
}

function nextLine(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.resume();
    process.stdin.once('data', () => {
      process.stdin.pause();
      resolve();
    });
  });
}
