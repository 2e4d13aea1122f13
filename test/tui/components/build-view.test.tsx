import { render } from 'ink-testing-library';
import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../../src/tui/columns.ts';
import { BuildView } from '../../../src/tui/components/build-view.tsx';
import type { BuildState } from '../../../src/tui/state/build.ts';
import { amd64, arm64, label, log, plan, stateAfter } from '../events.ts';
import { fetched, now as momentOf } from '../transfers.ts';

const frame = (state: BuildState, { columns = 80, rows = 24, now = 4000 } = {}) =>
  render(<BuildView {...{ state, now, columns, rows }} />).lastFrame() ?? '';

const running = stateAfter(
  plan,
  { type: 'history', durations: new Map([[arm64.run.id, 12_000]]) },
  { type: 'cached', vertex: amd64.base },
  { type: 'started', vertex: amd64.copy, at: 1000 },
  { type: 'done', vertex: amd64.copy, at: 1200 },
  { type: 'started', vertex: amd64.run, at: 1000 },
  { type: 'failed', vertex: amd64.run, at: 1500, message: 'exited with 1' },
  { type: 'started', vertex: arm64.run, at: 1000 },
  log(arm64.run, 'first\nsecond\n'),
);

describe('the live view', () => {
  it('shows what runs, how, since when, and how long it took last time', () => {
    expect(frame(running)).toBe(
      [
        'mpkit build  4.0s  2/6 steps, 1 running, 1 cached, 1 FAILED',
        '                   amd64           arm64',
        '                   native          QEMU 11.1.3',
        '1/3 FROM base      = cached        ·',
        '2/3 COPY . /src    ✓ 0.2s          ·',
        '3/3 RUN make       ✗ 0.5s          ▸~3.0s/12s',
        'linux/arm64 3/3, 2 lines',
        '│ first',
        '│ second',
        '~ emulated   / or () last time',
      ]
        .map((line) => line.trimEnd())
        .join('\n'),
    );
  });

  it('says how far a transfer is, how fast, how long still, and nothing after its end', () => {
    const state = stateAfter(plan, fetched(0, 0), fetched(4, 35.2));
    expect(frame(state, { now: momentOf(4) })).toContain(
      '=> fetching qemu-user 11.1.3: 35.2 of 70.4 MB, 8.8 MB/s, 4 s left',
    );
    const ended = stateAfter(plan, fetched(0, 0), fetched(4, 70.4, { end: 'done' }));
    expect(frame(ended, { now: momentOf(4) })).not.toContain('qemu-user');
  });

  it.each([
    [40, 10],
    [80, 24],
    [200, 50],
  ])('fits %d columns and %d lines, whatever there is', (columns, rows) => {
    const vertices = (platform: string) =>
      Array.from({ length: 60 }, (_, at) =>
        label(platform, `stage-${at} ${at}/60`, `RUN ${'long '.repeat(80)}`),
      );
    const platforms = Array.from({ length: 12 }, (_, at) => `linux/cpu${at}`);
    const names = ['a', 'b', 'c', 'd'].map((id) => ({ id, name: `${id} long`.repeat(50) }));
    const state = stateAfter(
      { type: 'notice', text: 'a long notice '.repeat(50) },
      ...names.map((each) => fetched(0, 0, each)),
      {
        type: 'plan',
        platforms: platforms.map((platform) => ({
          platform,
          vertices: vertices(platform),
          steps: [],
        })),
      },
      ...platforms.flatMap((platform) =>
        vertices(platform)
          .slice(0, 5)
          .flatMap((vertex) => [
            { type: 'started' as const, vertex, at: 0 },
            log(vertex, `${'a long line '.repeat(50)}\n`.repeat(30)),
          ]),
      ),
    );
    const lines = frame(state, { columns, rows, now: momentOf(4) }).split('\n');
    expect(lines.length).toBeLessThan(rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(
      Math.max(columns, 100),
    );
  });

  it('keeps columns and rows where characters are two columns wide', () => {
    const wide = (platform: string) =>
      label(platform, '2/2', `RUN echo ${'\u4f60\u597d\u4e16\u754c'.repeat(20)}`);
    const platforms = ['linux/amd64', 'linux/arm64'];
    const state = stateAfter(
      {
        type: 'plan',
        platforms: platforms.map((platform) => ({
          platform,
          vertices: [wide(platform)],
          steps: [],
        })),
      },
      ...platforms.flatMap((platform) => [
        { type: 'started' as const, vertex: wide(platform), at: 1000 },
        log(wide(platform), `${'\u4f60'.repeat(200)}\n`),
      ]),
    );
    const lines = frame(state, { columns: 100 }).split('\n');
    const begins = [
      '2/2 R',
      'linux',
      '\u2502 \u4f60\u4f60\u4f60',
      'linux',
      '\u2502 \u4f60\u4f60\u4f60',
    ];
    expect(lines.slice(3).map((line) => line.slice(0, 5))).toEqual(begins);
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(100);
    const [head = '', , row = ''] = lines.slice(1);
    expect(columnsOf(row.slice(0, row.lastIndexOf('\u25b8')))).toBe(head.indexOf('arm64'));
  });

  it('lets nothing of a step reach the terminal raw', () => {
    const hostile = stateAfter(
      plan,
      { type: 'started', vertex: arm64.run, at: 0 },
      {
        type: 'notice',
        text: '\u001b[2Jnotice\u0007',
      },
      log(arm64.run, '\u001b]0;title\u0007\u001b[31mred\u001b[0m\ta\u009b2Jb\n'),
    );
    const text = frame(hostile);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(text).toContain('│ red  ab');
  });
});
