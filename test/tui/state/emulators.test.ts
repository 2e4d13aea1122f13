import { describe, expect, it } from 'vitest';
import { type AppEvent, type AppState, startApp, updateApp } from '../../../src/tui/state/app.ts';
import type { Effect } from '../../../src/tui/state/effect.ts';
import type { Emulator } from '../../../src/tui/state/emulators.ts';
import type { Key } from '../../../src/tui/state/key.ts';
import { keyCommands, keysOf, plainCommand } from '../../../src/tui/state/keys.ts';

const [start] = startApp({ folder: '/src', platform: 'linux/amd64', isRoot: true });

const emulator = (
  architecture: string,
  version: string,
  hex: string,
  more: Partial<Emulator> = {},
): Emulator => ({
  ...{ architecture, version, digest: `sha256:${hex.repeat(64)}`, size: 1 },
  ...{ source: { kind: 'path', from: '/qemu' }, cpu: 'default', used: false, chosen: false },
  ...more,
});
const stored = [
  emulator('386', '11.1.3', 'a'),
  emulator('arm64', '11.1.3', 'b', { used: true }),
  emulator('arm64', '7.2.22', 'c', { cpu: 'max,pauth=off' }),
];
const withChoice = [
  stored[0],
  emulator('arm64', '11.1.3', 'b'),
  emulator('arm64', '7.2.22', 'c', { cpu: 'cortex-a72', used: true, chosen: true }),
];

/** The screen with these emulators, after keys; a word is a key's name, anything else is typed. */
function at(list: unknown, ...words: string[]): { state: AppState; effects: readonly Effect[] } {
  const names = ['down', 'enter', 'escape'];
  const events = words.flatMap((word): AppEvent[] =>
    names.includes(word)
      ? [{ type: 'key', key: { name: word as Key['name'], text: '' }, at: 0 }]
      : [...word].map((text) => ({ type: 'key', key: { name: 'text', text }, at: 0 })),
  );
  const loaded: AppEvent = {
    ...{ type: 'exit', job: 'emulators', code: 0, at: 1 },
    stdout: JSON.stringify(list),
  };
  let state = start;
  let effects: readonly Effect[] = [];
  const all: AppEvent[] = [loaded, { type: 'key', key: { name: 'text', text: '2' }, at: 0 }];
  for (const event of [...all, ...events]) [state, effects] = updateApp(state, event);
  return { state, effects };
}

const hints = (state: AppState) => keysOf(state).map(([key]) => key);

describe('the emulators screen', () => {
  it('chooses the emulator under the cursor, after asking', () => {
    const { state } = at(stored, 'down', 'down', 'enter');
    expect(state.question?.command).toEqual(['emulator', 'choose', 'arm64', 'cccccccccccc']);
    expect(state.question?.changes.join(' ')).toContain('uses it for linux/arm64');
    expect(at(stored, 'down', 'down', 'enter', 'y').effects).toEqual([
      { type: 'run', job: 'action', command: state.question?.command },
    ]);
  });

  it('chooses a CPU model that is typed, mpkit’s own where none is', () => {
    const typed = at(stored, 'down', 'm', 'cortex-a72', 'enter').state;
    expect(typed.question?.command).toEqual([
      ...['emulator', 'choose', 'arm64', 'bbbbbbbbbbbb', '--cpu', 'cortex-a72'],
    ]);
    const none = at(stored, 'down', 'm', 'enter').state;
    expect(none.question?.command).toEqual(['emulator', 'choose', 'arm64', 'bbbbbbbbbbbb']);
    expect(at(stored, 'down', 'm', 'escape').state.question).toBeUndefined();
  });

  it('takes a choice back where there is one, from any emulator of that CPU', () => {
    expect(at(stored, 'down', 'd').state.question).toBeUndefined();
    expect(at(withChoice, 'down', 'd').state.question?.command).toEqual([
      ...['emulator', 'choose', 'arm64', '--default'],
    ]);
    expect(at(withChoice, 'd').state.question).toBeUndefined();
  });

  it('offers nothing to choose for a CPU that runs natively', () => {
    for (const key of ['enter', 'm', 'd', 'c']) {
      const { question, prompt } = at(stored, key).state;
      expect({ question, prompt }).toEqual({});
    }
    expect(hints(at(stored).state)).not.toContain('Enter');
  });

  it('shows each key where it works', () => {
    expect(hints(at([]).state)).toEqual(['Up/Down', 'a', 'n', 'r']);
    expect(hints(at(stored, 'down').state)).toEqual([
      ...['Up/Down', 'Enter', 'm', 'c', 'a', 'n', 'x', 'r'],
    ]);
    expect(hints(at(withChoice, 'down').state)).toContain('d');
  });

  it('says the plain command of each key', () => {
    const { state } = at(withChoice, 'down');
    expect([...keyCommands(state)]).toEqual([
      ['a', 'mpkit emulator add'],
      ['x', 'mpkit emulator rm bbbbbbbbbbbb'],
      ['Enter', 'mpkit emulator choose arm64 bbbbbbbbbbbb'],
      ['c', 'mpkit bench --emulators --keep --platform linux/arm64'],
      ['d', 'mpkit emulator choose arm64 --default'],
    ]);
    for (const key of keyCommands(state).keys()) expect(hints(state)).toContain(key);
    expect([...keyCommands(at([]).state).keys()]).toEqual(['a']);
  });

  it('has a line to copy that removes and fetches nothing', () => {
    for (const list of [[], withChoice])
      expect(plainCommand(at(list, 'down').state)).toBe('mpkit emulator ls');
  });

  it('reads the new speeds after it measured', () => {
    const measured = at(stored, 'down', 'c', 'y').state;
    const [, effects] = updateApp(measured, {
      ...{ type: 'exit', job: 'action', code: 0, stdout: '', at: 1 },
    });
    expect(effects.map((each) => each.type === 'run' && each.job)).toContain('benches');
  });
});
