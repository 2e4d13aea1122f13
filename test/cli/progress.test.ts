import { describe, expect, it } from 'vitest';
import { chooseProgress } from '../../src/cli/progress.ts';

const terminal = { isTTY: true, columns: 80, rows: 24 };
const pipe = { isTTY: false, columns: 0, rows: 0 };

describe('how a build is shown', () => {
  it.each([
    ['a view', 'auto', terminal, {}, 'tty'],
    ['lines without a terminal', 'auto', pipe, {}, 'plain'],
    ['lines in CI', 'auto', terminal, { CI: 'true' }, 'plain'],
    ['a view where CI is false', 'auto', terminal, { CI: 'false' }, 'tty'],
    ['lines on a dumb terminal', 'auto', terminal, { TERM: 'dumb' }, 'plain'],
    ['lines to a screen reader', 'auto', terminal, { INK_SCREEN_READER: 'true' }, 'plain'],
    ['lines where a view has no room', 'auto', { ...terminal, rows: 5 }, {}, 'plain'],
    ['what was asked for', 'plain', terminal, {}, 'plain'],
    ['a view that was asked for in CI', 'tty', terminal, { CI: '1' }, 'tty'],
    ['no view without a terminal', 'tty', pipe, {}, 'plain'],
    ['JSON', 'rawjson', terminal, {}, 'rawjson'],
    ['nothing', 'quiet', terminal, {}, 'quiet'],
  ] as const)('%s: %s', (_, asked, stream, environment, expected) =>
    expect(chooseProgress(asked, stream, environment)).toBe(expected),
  );
});
