import { render } from 'ink-testing-library';
import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../../src/builder/events.ts';
import { BuildScreenView } from '../../../src/tui/components/build-screen.tsx';
import { createRawJsonPrinter } from '../../../src/tui/rawjson.ts';
import { startForm } from '../../../src/tui/state/build-form.ts';
import {
  type BuildScreen,
  buildEnd,
  buildKey,
  buildLine,
  startRun,
} from '../../../src/tui/state/build-screen.ts';
import type { Key } from '../../../src/tui/state/key.ts';
import { arm64, log, plan } from '../events.ts';

const frame = (state: BuildScreen) =>
  render(<BuildScreenView {...{ state, now: 4000, columns: 80, rows: 16 }} />).lastFrame() ?? '';

/** After a child that said this on stderr ended with `code`. */
function ended(code: number, events: BuildEvent[], messages: string[] = []): BuildScreen {
  const lines: string[] = [];
  const printer = createRawJsonPrinter((text) => lines.push(...text.split('\n').filter(Boolean)));
  events.forEach(printer.emit);
  printer.close();
  const form = { form: startForm('/src', 'linux/amd64') };
  const begun = startRun(form, ['build', '/src'], 0).state;
  return buildEnd([...lines, ...messages].reduce(buildLine, begun), code, 4000);
}

const started: BuildEvent = { type: 'started', vertex: arm64.run, at: 1000 };

describe('the screen Build', () => {
  it('tells an error and its remedy whole, also where they are wider than the window', () => {
    const hint = `hint: pass it as \`--build-context base=oci-layout://DIR\`: ${'because '.repeat(12)}so`;
    const text = frame(ended(1, [], ['mpkit: no stage and no named context `base`', hint]));
    expect(text.replaceAll('\n', '')).toContain(hint);
  });

  it('shows how a long command failed, and its last line', () => {
    const message = `\`${'true && '.repeat(80)}false\` exited with 7`;
    const text = frame(
      ended(1, [
        ...[plan, started, log(arm64.run, `${'noise\n'.repeat(50)}boom\n`)],
        { type: 'failed', vertex: arm64.run, at: 2000, message },
      ]),
    );
    expect(text).toContain('linux/arm64 3/3: failed: `true');
    expect(text).toContain('exited with 7');
    expect(text).toContain('│ boom');
  });

  it('says that a build was killed, and that nothing of it runs any more', () => {
    const text = frame(ended(137, [plan, started]));
    expect(text).toContain('mpkit build ended with status 137');
    expect(text).not.toContain('running');
    expect(text).toContain('-~stopped');
  });

  it('moves a log sideways, as far as its longest line goes', () => {
    const done: BuildEvent = { type: 'done', vertex: arm64.run, at: 2000 };
    const line = `${'long '.repeat(30)}end`;
    let state = ended(0, [plan, started, log(arm64.run, `${line}\n`), done]);
    const press = (...names: Key['name'][]) => {
      for (const name of names) state = buildKey(state, { name, text: '' }, 0).state;
      return frame(state);
    };
    expect(press('down', 'down', 'right', 'enter')).not.toContain('end');
    expect(press('right', 'right', 'right', 'right', 'right')).toContain('long end');
    for (let at = 0; at < 20; at++) press('right');
    expect(press('left')).toContain('end');
    expect(press('left', 'left', 'left', 'left', 'left', 'left', 'left')).toContain('│ long long');
  });
});
