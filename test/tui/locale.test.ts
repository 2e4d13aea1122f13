/** Without a UTF-8 locale everything that mpkit draws or prints of its own is ASCII. */
import { Console } from 'node:console';
import { EventEmitter } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { slowly } from '../helpers/speed.ts';

// Ink asks when it is loaded, and draws nothing in CI
vi.hoisted(() => Object.assign(process.env, { CI: 'false', CONTINUOUS_INTEGRATION: 'false' }));

import { openApp } from '../../src/tui/app.tsx';
import { inLocale } from '../../src/tui/ascii.ts';
import { benchTable } from '../../src/tui/bench/table.ts';
import { openDrawing } from '../../src/tui/draw-build.tsx';
import { createPlainPrinter } from '../../src/tui/plain.ts';
import type { AppPort } from '../../src/tui/port.ts';
import { createRawJsonPrinter } from '../../src/tui/rawjson.ts';
import { signsFor } from '../../src/tui/signs.ts';
import { summaryLines } from '../../src/tui/summary.ts';
import { reportOf } from '../bench/reports.ts';
import { arm64, label, log, plan, stateAfter } from './events.ts';

// vitest's own console has none, and Ink needs one to redirect it
console.Console = Console;

const beyond = /[^\0-\x7f]/;
const long = `na\u00efve \u4e2d\u6587 ${'long '.repeat(60)}`;

/** A terminal that remembers what was written, and whose keys are `press`ed. */
function screen(columns: number, rows: number) {
  const written: string[] = [];
  const output = Object.assign(new EventEmitter(), {
    ...{ isTTY: true, columns, rows, writable: true },
    write: (text: string, done?: () => void) => {
      written.push(text);
      done?.();
      return true;
    },
  });
  const nothing = () => input;
  const input = Object.assign(new PassThrough(), {
    ...{ isTTY: true, setRawMode: nothing, ref: nothing, unref: nothing },
  });
  return {
    output: output as unknown as NodeJS.WriteStream,
    input: input as unknown as NodeJS.ReadStream,
    /** What was drawn since. */
    press: async (keys: string) => {
      const before = written.length;
      input.write(keys);
      await vi.waitFor(() => expect(written.length).toBeGreaterThan(before), slowly(10_000));
      await sleep(50);
      return written.slice(before).join('');
    },
    written: () => written.join(''),
  };
}

/** Answers every plain command of the interface with what does not fit a line. */
function port(buildLines: readonly string[]): AppPort {
  const image = { platform: 'linux/arm64', digest: 'sha256:1', config: { Env: [long] } };
  const record = {
    ...{ context: `/${long}`, startedAt: 0, seconds: 1, status: 'done', platforms: [long] },
    ...{ command: [], outputs: [{ dest: `/${long}`, tar: true }] },
    ...{ images: [{ ...image, layers: [{ digest: 'sha256:2', size: 1 }], history: [{}] }] },
  };
  const emulator = {
    ...{ architecture: 'arm64', version: '11.1.3', digest: 'sha256:3', size: 1 },
    source: { kind: 'path', from: `/${long}` },
    ...{ cpu: long, used: true, chosen: true },
  };
  const finding = { id: 'a', result: 'problem', observed: long, remedy: long };
  const answers: Record<string, unknown> = {
    doctor: { tier: { name: 'x', why: long }, findings: [finding] },
    binfmt: { handlers: [], findings: [{ text: long }] },
    emulator: [emulator],
    history: [record],
    bench: [reportOf([{ name: long, ratio: 4 }])],
  };
  return {
    ...{ folder: `/${long}`, platform: 'linux/amd64', isRoot: true },
    start: ([verb = ''], { line, end }) => {
      queueMicrotask(() => {
        for (const text of verb === 'build' ? buildLines : []) line('stderr', text);
        if (verb === 'build') line('stderr', `mpkit: ${long}`);
        end(verb === 'build' ? 1 : 0, JSON.stringify(answers[verb] ?? null));
      });
      return { stop: () => {} };
    },
    interactive: async () => 0,
    watchHandlers: () => ({ check: () => {}, stop: () => {} }),
  };
}

const events = [
  plan,
  { type: 'notice' as const, text: 'fetches' },
  { type: 'started' as const, vertex: arm64.base, at: 0 },
  { type: 'done' as const, vertex: arm64.base, at: 0 },
  { type: 'started' as const, vertex: arm64.run, at: 0 },
  log(arm64.run, `${'plain '.repeat(60)}\n`),
  { type: 'failed' as const, vertex: arm64.run, at: 1500, message: 'exited with 1' },
  { type: 'started' as const, vertex: arm64.copy, at: 0 },
];

function rawJson(): string[] {
  const lines: string[] = [];
  const printer = createRawJsonPrinter((text) => lines.push(...text.split('\n').filter(Boolean)));
  for (const event of events) printer.emit(event);
  printer.close();
  return lines;
}

/** Every screen, its help, a question, a prompt, a build with a log, an opened result. */
const tour = ['?', '?', 'i', 'n', '2', '3', '4', '\r', '\u001b', 'b', '\r', '\u001b', '5', '\r'];

describe('the interface', () => {
  const visit = async (environment: NodeJS.ProcessEnv, columns: number, rows: number) => {
    const { input, output, press, written } = screen(columns, rows);
    const app = openApp(port(rawJson()), { input, output, environment });
    const seen: string[] = [];
    for (const keys of tour) seen.push(await press(keys));
    app.restore();
    await app.stop();
    return { seen, all: written() };
  };

  it.each([
    [80, 24],
    [200, 50],
  ])('is ASCII at %d columns and %d lines, and tells every key', async (columns, rows) => {
    const { seen, all } = await visit({ LANG: 'C' }, columns, rows);
    expect(beyond.exec(all)?.input).toBeUndefined();
    for (const name of ['Host', 'Emulators', 'Bench', 'Build', 'Results'])
      expect(all).toContain(`${name}]`);
    expect(all).toMatch(/FAILED|failed/);
    expect(all).toContain('Up/Down choose');
    expect(seen[0]).toContain('1-5 Tab            screens');
    expect(seen[0]).toContain('any key goes back');
    expect(seen[1]).toContain('q quit');
  });

  it('uses more where there is more', async () => {
    const { all } = await visit({ LC_ALL: 'C.UTF-8' }, 80, 24);
    expect(all).toContain('\u2191\u2193 choose');
    expect(all).toContain('\u4e2d');
  });
});

describe('the other views', () => {
  const state = stateAfter(...events);

  it('draw a running build in ASCII', async () => {
    const { output, written } = screen(60, 24);
    const drawing = openDrawing(output, { LANG: 'C' });
    drawing.draw(state);
    await sleep(100);
    expect(written()).toContain('mpkit build');
    drawing.end(summaryLines(state, 80));
    expect(beyond.exec(written())?.input).toBeUndefined();
  });

  it('print plain progress and its summary in ASCII', () => {
    const lines: string[] = [];
    const print = createPlainPrinter({ write: (text) => lines.push(text), colour: false });
    const far = label('linux/arm64', '4/4', `RUN <<EOT\n${'far '.repeat(200)}\nEOT`);
    for (const event of [...events, { type: 'started' as const, vertex: far, at: 0 }]) print(event);
    const longer = label('linux/arm64', '5/5', `RUN ${'far '.repeat(200)}`);
    print({ type: 'started', vertex: longer, at: 0 });
    const text = [...lines, ...summaryLines(stateAfter(...events), 80)].join('');
    expect(text).toContain('...');
    expect(text).not.toMatch(beyond);
  });

  it('print tables with bars in ASCII', () => {
    const table = benchTable(reportOf([{ name: 'slow', ratio: 16 }]));
    expect(table).toMatch(beyond);
    const text = inLocale(table, { LANG: 'C' });
    expect(text).toContain(' 16.0x  15.2-16.8     ####');
    expect(text).not.toMatch(beyond);
    expect(inLocale(table, { LANG: 'en_US.utf8' })).toBe(table);
  });
});

it.each([
  [{}, false],
  [{ LANG: 'C' }, false],
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, false],
  [{ LANG: 'de_DE.UTF-8', LC_CTYPE: 'POSIX' }, false],
  [{ LANG: 'C', LC_CTYPE: 'C.utf8', LC_ALL: '' }, true],
])('the locale %j has Unicode: %s', (environment, expected) => {
  expect(beyond.test(signsFor(environment).bar)).toBe(expected);
});

it('every text of the sources is ASCII, but the signs themselves', () => {
  const root = join(import.meta.dirname, '../../src');
  const signs = /^tui\/(signs|ascii|bench\/(numbers|table))\.ts$/;
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !signs.test(name))
    .flatMap((name) => {
      const text = readFileSync(join(root, name), 'utf8');
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm, '');
      return code.split('\n').flatMap((line) => (beyond.test(line) ? [`${name}: ${line}`] : []));
    });
  expect(found).toEqual([]);
});
