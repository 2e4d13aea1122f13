import { expect, it } from 'vitest';
import type { AppPort, JobListener } from '../../src/tui/port.ts';
import { createStore } from '../../src/tui/store.ts';

/** A world in which commands end when the test says so. */
function world() {
  const running: { verb: string; listener: JobListener }[] = [];
  let change = () => {};
  let [handlers, known] = ['', ''];
  const check = () => {
    if (handlers === known) return;
    known = handlers;
    change();
  };
  const port: AppPort = {
    ...{ folder: '/src', platform: 'linux/amd64', isRoot: true },
    start: (words, listener) => {
      running.push({ verb: words.slice(0, 2).join(' '), listener });
      return { stop: () => {} };
    },
    interactive: async () => 0,
    watchHandlers: (changed) => {
      change = changed;
      return { check, stop: () => {} };
    },
  };
  const store = createStore(port, {
    changed: () => {},
    quit: () => {},
    lend: async (action) => action(),
  });
  const end = (verb: string, value: unknown) => {
    const at = running.findIndex((each) => each.verb === verb);
    expect(at, verb).toBeGreaterThanOrEqual(0);
    running.splice(at, 1)[0]?.listener.end(0, JSON.stringify(value));
  };
  const count = (verb: string) => running.filter((each) => each.verb === verb).length;
  const become = (text: string) => {
    handlers = text;
  };
  return { store, end, count, change: () => change(), become, check };
}

const status = (...names: string[]) => ({
  ...{ findings: [], platforms: [] },
  handlers: names.map((name) => ({ name, owner: 'unknown', flags: '', findings: [] })),
});

it('looks once more where handlers changed while it looked', () => {
  const { store, end, count, change } = world();
  store.begin();
  const verb = 'binfmt status';
  expect(count(verb)).toBe(1);
  change();
  change();
  expect(count(verb)).toBe(1);
  end(verb, status('too-early'));
  expect(count(verb)).toBe(1);
  end(verb, status('right'));
  expect(count(verb)).toBe(0);
  expect(store.state().host.handlers.map(({ name }) => name)).toEqual(['right']);
});

it('misses no change that it showed before the watch noticed it', () => {
  const { store, end, count, become, check } = world();
  store.begin();
  const verb = 'binfmt status';
  become('off');
  end(verb, status('off'));
  end(verb, status('off'));
  expect(count(verb)).toBe(0);
  become('');
  check();
  expect(count(verb)).toBe(1);
});

it('starts no look when it is stopping', async () => {
  const { store, end, count, change } = world();
  store.begin();
  change();
  const stopped = store.stop();
  for (const verb of [
    'doctor --json',
    'binfmt status',
    'emulator ls',
    'history ls',
    'bench --history',
  ])
    end(verb, null);
  await stopped;
  expect(count('binfmt status')).toBe(0);
});
