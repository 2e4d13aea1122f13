import { describe, expect, it } from 'vitest';
import { type AppEvent, type AppState, startApp, updateApp } from '../../../src/tui/state/app.ts';
import { type Effect, splitWords } from '../../../src/tui/state/effect.ts';
import type { Key } from '../../../src/tui/state/key.ts';
import { plainCommand } from '../../../src/tui/state/keys.ts';

const [start, first] = startApp({ folder: '/src', platform: 'linux/amd64', isRoot: true });

function reached(...events: AppEvent[]): { state: AppState; effects: readonly Effect[] } {
  let state = start;
  let effects: readonly Effect[] = [];
  for (const event of events) [state, effects] = updateApp(state, event);
  return { state, effects };
}

/** A word is a key's name; anything else is typed. */
function keys(...words: string[]): AppEvent[] {
  const names = ['up', 'down', 'left', 'right', 'enter', 'escape', 'tab', 'backspace'];
  return words.flatMap((word): AppEvent[] =>
    names.includes(word)
      ? [{ type: 'key', key: { name: word as Key['name'], text: '' }, at: 0 }]
      : [...word].map((text) => ({ type: 'key', key: { name: 'text', text }, at: 0 })),
  );
}

const exit = (
  job: 'doctor' | 'handlers' | 'emulators' | 'action' | 'build',
  value: unknown,
  code = 0,
): AppEvent => ({
  ...{ type: 'exit', job, code, at: 1 },
  stdout: typeof value === 'string' ? value : JSON.stringify(value),
});

const handlers = {
  ...{ findings: [], platforms: [] },
  handlers: [
    {
      ...{ name: 'mpkit-arm64', platform: 'linux/arm64', owner: 'mpkit', version: '7.2' },
      ...{ flags: 'F', enabled: true, works: 'no', detail: 'it lies', findings: [] },
    },
    {
      ...{ name: 'theirs', platform: 'linux/riscv64', owner: 'unknown', version: '7.2' },
      ...{ flags: 'F', enabled: true, works: 'yes', detail: '', findings: [] },
    },
  ],
};

describe('the interface', () => {
  it('asks plain commands for everything that it shows', () => {
    const commands = first.map((effect) => effect.type === 'run' && effect.command.join(' '));
    expect(commands).toEqual([
      'doctor --json --all',
      'binfmt status --json',
      'emulator ls --json',
      'history ls --json',
      'bench --history --json',
    ]);
  });

  it('changes nothing of the host before it was asked and answered', () => {
    for (const key of ['i', 'p', 'R', 'U', 'f']) {
      const { state, effects } = reached(...keys(key));
      expect(effects).toEqual([]);
      expect(state.question?.changes.join()).not.toBe('');
      expect(reached(...keys(key, 'n')).state.question).toBeUndefined();
      expect(reached(...keys(key, 'n')).effects).toEqual([]);
      expect(reached(...keys(key, 'y')).effects).toEqual([
        { type: 'run', job: 'action', command: state.question?.command },
      ]);
    }
  });

  it('says what installing for every boot will change, and by which command', () => {
    const { question } = reached(...keys('p')).state;
    expect(question?.command).toEqual(['binfmt', 'install', 'all', '--persist']);
    expect(question?.changes.join()).toContain('boot');
  });

  it('takes away the handler that is chosen, and no finding', () => {
    const found = [
      exit('doctor', { findings: [{ id: 'a', result: 'problem', observed: 'x' }] }),
      exit('handlers', handlers),
    ];
    expect(reached(...found, ...keys('u')).state.question).toBeUndefined();
    expect(reached(...found, ...keys('down', 'u')).state.question?.command).toEqual([
      'binfmt',
      'uninstall',
      'mpkit-arm64',
    ]);
  });

  it('takes no handler of others away, and says by which command that is done', () => {
    const chosen = [exit('handlers', handlers), ...keys('down', 'u')];
    const { state } = reached(...chosen);
    expect(state.question).toBeUndefined();
    expect(state.refusal).toMatchObject({
      command: ['binfmt', 'uninstall', 'theirs', '--foreign'],
      asRoot: false,
    });
    const after = reached(...chosen, ...keys('y'));
    expect(after.effects).toEqual([]);
    expect(after.state.refusal).toBeUndefined();
  });

  it('asks nobody but root to change the handlers', () => {
    const known = [exit('handlers', handlers)];
    const [ordinary] = startApp({ folder: '/src', platform: 'linux/amd64', isRoot: false });
    for (const press of [keys('i'), keys('p'), keys('R'), keys('U'), keys('u')]) {
      let state = ordinary;
      for (const event of [...known, ...press]) [state] = updateApp(state, event);
      expect(state.question).toBeUndefined();
      expect(state.refusal?.asRoot).toBe(true);
    }
  });

  it('looks again when somebody else changes the handlers, and after an action of its own', () => {
    const jobs = (effects: readonly Effect[]) =>
      effects.map((effect) => effect.type === 'run' && effect.job);
    expect(jobs(reached({ type: 'handlers changed' }).effects)).toEqual(['doctor', 'handlers']);
    // its end is soon enough
    expect(reached(...keys('i', 'y'), { type: 'handlers changed' }).effects).toEqual([]);
    const { state, effects } = reached(...keys('i', 'y'), exit('action', '', 1));
    expect(state.action?.code).toBe(1);
    expect(jobs(effects)).toEqual(['doctor', 'handlers', 'emulators']);
  });

  it('keeps chosen what was chosen when the lists change by themselves', () => {
    const finding = { id: 'a', result: 'problem', observed: 'x' };
    const { state } = reached(
      exit('handlers', handlers),
      ...keys('down'),
      exit('doctor', { findings: [finding, { ...finding, id: 'b' }] }),
      exit('handlers', { ...handlers, handlers: handlers.handlers.slice(1) }),
      ...keys('u'),
    );
    expect(state.refusal?.command).toContain('theirs');
  });

  it('keeps what it knows where an answer makes no sense', () => {
    const known = reached(exit('handlers', handlers)).state;
    for (const answer of ['', '{', 'null', '[]', '{"handlers":1,"findings":[]}'])
      expect(updateApp(known, exit('handlers', answer))[0].host.handlers).toEqual(
        known.host.handlers,
      );
  });

  it('builds what the form says, and says it as a command', () => {
    const filled = [
      ...keys('4', 'down', 'enter', ',linux/arm64', 'enter'),
      ...keys('down', 'down', 'down', 'enter', "--tag 'a b'", 'enter'),
    ];
    const { state } = reached(...filled);
    expect(plainCommand(state)).toBe(
      "mpkit build --platform linux/amd64,linux/arm64 --tag 'a b' /src",
    );
    const { effects } = reached(...filled, ...keys('b'));
    expect(effects).toEqual([
      {
        ...{ type: 'run', job: 'build' },
        command: [
          ...['build', '--platform', 'linux/amd64,linux/arm64', '--tag', 'a b', '/src'],
          ...['--progress', 'rawjson'],
        ],
      },
    ]);
    expect(reached(...filled, ...keys('b', 'x')).effects).toEqual([{ type: 'stop', job: 'build' }]);
    expect(reached(...filled, ...keys('c')).effects).toEqual([
      { type: 'copy', text: plainCommand(state) },
    ]);
  });

  it('types letters into a field, where they are keys elsewhere', () => {
    const { state } = reached(...keys('4', 'down', 'down', 'enter', 'q1?', 'backspace', 'enter'));
    expect(plainCommand(state)).toContain('--target q1 ');
    expect(state.screen).toBe('build');
  });

  it('empties a field at once, so that another context can be typed', () => {
    const erase: AppEvent = { type: 'key', key: { name: 'erase', text: '' }, at: 0 };
    const { state } = reached(...keys('4', 'enter'), erase, ...keys('there', 'enter'));
    expect(plainCommand(state)).toBe('mpkit build --platform linux/amd64 there');
  });

  it('does what changes something only on the key that it names', () => {
    const asked = reached(...keys('2', 'a', 'enter'));
    expect(asked.state.question?.command).toEqual(['emulator', 'add']);
    expect(asked.effects).toEqual([]);
  });

  it('asks before q stops a build', () => {
    const building = [...keys('4', 'b', 'q')];
    expect(reached(...building).effects).toEqual([]);
    expect(reached(...building, ...keys('q')).effects).toEqual([{ type: 'quit' }]);
    // another key stays, and does nothing else
    const stayed = reached(...building, ...keys('x'));
    expect([stayed.effects, stayed.state.isLeaving]).toEqual([[], false]);
    expect(reached(...keys('4', 'b'), exit('build', '', 1), ...keys('q')).effects).toEqual([
      { type: 'quit' },
    ]);
  });

  it('leaves on q and Ctrl-C', () => {
    expect(reached(...keys('q')).effects).toEqual([{ type: 'quit' }]);
    const interrupt: AppEvent = { type: 'key', key: { name: 'interrupt', text: '' }, at: 0 };
    expect(reached(...keys('i'), interrupt).effects).toEqual([{ type: 'quit' }]);
  });
});

describe('typed words', () => {
  it.each([
    ["a 'b c' d", ['a', 'b c', 'd']],
    ['--build-arg X="a \\"b\\""', ['--build-arg', 'X=a "b"']],
    ['a\\ b  c', ['a b', 'c']],
    ['', []],
  ])('%j', (text, words) => expect(splitWords(text)).toEqual(words));
});
