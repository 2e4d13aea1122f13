import { describe, expect, it } from 'vitest';
import { actionLine, startAction } from '../../../src/tui/state/action.ts';
import { fetched } from '../transfers.ts';

const commandOf = (...command: string[]) => {
  const [effect] = startAction(command).effects;
  return effect?.type === 'run' ? effect.command.join(' ') : undefined;
};
const told = (command: string[], ...lines: (string | object)[]) =>
  lines
    .map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
    .reduce(actionLine, startAction(command).action);

describe('a confirmed command', () => {
  it('tells events where it can, and is shown without the flag for that', () => {
    expect(commandOf('emulator', 'add')).toBe('emulator add --progress rawjson');
    expect(commandOf('bench', '--emulators')).toBe('bench --emulators --progress rawjson');
    expect(commandOf('emulator', 'rm', 'x')).toBe('emulator rm x');
    expect(commandOf('binfmt', 'install', 'all')).toBe('binfmt install all');
    expect(startAction(['emulator', 'add']).action.command).toEqual(['emulator', 'add']);
  });

  it('that fetches has what is moved, until it is there', () => {
    const events = [{ type: 'notice', text: 'reading' }, fetched(0, 0), fetched(4, 35.2)];
    const running = told(['emulator', 'add'], ...events, 'arm64 11.1.3');
    expect(running.lines).toEqual(['reading', 'arm64 11.1.3']);
    expect([...running.transfers.values()].map(({ last }) => last.bytes)).toEqual([35_200_000]);
    const ended = actionLine(running, JSON.stringify(fetched(8, 70.4, { end: 'done' })));
    expect(ended.transfers.size).toBe(0);
  });

  it('that measures has how far it is', () => {
    const position = { at: 3, of: 9, share: 0.3, time: 5000 };
    const sample = { type: 'sample', workload: 'hash', target: 'x', nanoseconds: 1, ...position };
    const action = told(['bench', '--emulators'], { type: 'target', target: 'x' }, sample);
    expect(action.lines).toEqual(['measures x']);
    expect(action.course).toMatchObject({ workload: 'hash', target: 'x', ...position });
  });

  it.each(['{"half', '{}', '{"type":"new"}', '[1]', 'plain'])('keeps %s as it is', (line) => {
    expect(told(['emulator', 'add'], line).lines).toEqual([line]);
  });

  it('that tells no events may print what looks like one', () => {
    const line = JSON.stringify(fetched(0, 0));
    expect(told(['emulator', 'rm', 'x'], line).lines).toEqual([line]);
  });
});
