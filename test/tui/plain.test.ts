import { describe, expect, it } from 'vitest';
import type { VertexLabel } from '../../src/builder/events.ts';
import { createPlainPrinter } from '../../src/tui/plain.ts';
import { fetched } from './transfers.ts';

const label = (id: string, platform = 'linux/arm64'): VertexLabel => ({
  id,
  platform,
  step: 'build 2/3',
  text: `RUN ${id}`,
});

function printed(logLimit?: number) {
  let text = '';
  const print = createPlainPrinter({
    write: (part) => {
      text += part;
    },
    colour: false,
    ...(logLimit === undefined ? {} : { logLimit }),
  });
  return { print, lines: () => text.split('\n').filter(Boolean) };
}

const log = (vertex: VertexLabel, text: string, at = 0) =>
  ({ type: 'log', vertex, chunk: Buffer.from(text), at }) as const;

describe('plain progress', () => {
  it('says platform and step on every line and joins broken ones', () => {
    const { print, lines } = printed();
    const vertex = label('a');
    print({ type: 'started', vertex, at: 1000 });
    print(log(vertex, 'one\ntw', 2000));
    print(log(vertex, 'o\n', 2500));
    print(log(vertex, 'rest', 2600));
    print({ type: 'done', vertex, at: 3000 });
    expect(lines()).toEqual([
      '#1 [linux/arm64 build 2/3] RUN a',
      '#1 [linux/arm64 build 2/3] 1.0 one',
      '#1 [linux/arm64 build 2/3] 1.5 two',
      '#1 [linux/arm64 build 2/3] 2.0 rest',
      '#1 DONE 2.0s',
    ]);
  });

  it('keeps numbers while steps interleave', () => {
    const { print, lines } = printed();
    const [a, b] = [label('a'), label('b', 'linux/amd64')];
    print({ type: 'started', vertex: a, at: 0 });
    print({ type: 'cached', vertex: b });
    print(log(a, 'x\n'));
    expect(lines().at(-1)).toMatch(/^#1 \[linux\/arm64/);
    expect(lines()[2]).toBe('#2 CACHED');
  });

  it('never starts a line with what a step printed', () => {
    const { print, lines } = printed();
    const vertex = label('a');
    print({ type: 'started', vertex, at: 0 });
    print(log(vertex, '::add-mask::x\n\r::error::y\n'));
    expect(lines().filter((line) => !line.startsWith('#'))).toEqual([]);
    expect(lines().join('\n')).toContain('::add-mask::x');
  });

  it('shows the last state of a progress bar', () => {
    const { print, lines } = printed();
    const vertex = label('a');
    print({ type: 'started', vertex, at: 0 });
    print(log(vertex, '10%\r50%\r100%\r\n'));
    expect(lines()[1]).toBe('#1 [linux/arm64 build 2/3] 0.0 100%');
  });

  it('clips a step that prints too much, once', () => {
    const { print, lines } = printed(100);
    const vertex = label('a');
    print({ type: 'started', vertex, at: 0 });
    for (let n = 0; n < 50; n++) print(log(vertex, 'ten bytes\n'));
    expect(lines().filter((line) => line.includes('clipped'))).toHaveLength(1);
    expect(lines().length).toBeLessThan(13);
  });

  it('says now and then how far a transfer is, and how fast it was', () => {
    const { print, lines } = printed();
    for (let at = 0; at < 88; at++) print(fetched(at / 10, at * 0.8));
    print(fetched(8.8, 70.4, { end: 'done' }));
    expect(lines()).toEqual([
      '=> fetching qemu-user 11.1.3: 4.0 of 70.4 MB, 8.0 MB/s, 9 s left',
      '=> fetching qemu-user 11.1.3: 44.0 of 70.4 MB, 8.0 MB/s, 4 s left',
      '=> fetched qemu-user 11.1.3: 70.4 MB in 8.8 s, 8.0 MB/s',
    ]);
  });

  it('groups the plan by what executes', () => {
    const { print, lines } = printed();
    const steps = ['2/4', '3/4'].map((step) => ({
      label: { ...label('a'), step },
      platform: 'linux/arm64',
      kind: 'emulated' as const,
      emulator: 'QEMU 11.1.3',
    }));
    const compile = { label: label('c'), platform: 'linux/amd64', kind: 'native' as const };
    print({
      type: 'plan',
      platforms: [{ platform: 'linux/arm64', vertices: [], steps: [...steps, compile] }],
    });
    print({ type: 'plan', platforms: [{ platform: 'linux/386', vertices: [], steps: [] }] });
    expect(lines()).toEqual([
      'plan linux/arm64: emulated by QEMU 11.1.3: RUN 2/4, 3/4',
      'plan linux/arm64: linux/amd64 native: RUN build 2/3',
      'plan linux/386: executes nothing',
    ]);
  });
});
