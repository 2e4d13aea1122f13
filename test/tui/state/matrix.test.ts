import { describe, expect, it } from 'vitest';
import type { VertexLabel } from '../../../src/builder/events.ts';
import { matrixOf, visibleRows } from '../../../src/tui/state/matrix.ts';
import { label, plan, stateAfter } from '../events.ts';

const platformOf = (platform: string, vertices: VertexLabel[]) => ({
  platform,
  vertices,
  steps: [],
});

describe('the matrix', () => {
  it('has one row for an instruction of all platforms', () => {
    const { platforms, rows } = matrixOf(stateAfter(plan));
    expect(platforms).toEqual(['linux/amd64', 'linux/arm64']);
    expect(rows.map(({ step, text }) => `${step} ${text}`)).toEqual([
      '1/3 FROM base',
      '2/3 COPY . /src',
      '3/3 RUN make',
    ]);
    expect(rows[2]?.cells.map((cell) => cell?.kind)).toEqual(['native', 'emulated']);
  });

  it('shows a shared step in each platform, and leaves a hole where there is none', () => {
    const shared = label('linux/amd64', 'tool 1/1', 'RUN tool');
    const own = label('linux/arm64', '1/1', 'RUN own');
    const { rows } = matrixOf(
      stateAfter({
        type: 'plan',
        platforms: [platformOf('linux/amd64', [shared]), platformOf('linux/arm64', [shared, own])],
      }),
    );
    expect(rows.map(({ cells }) => cells.map((cell) => cell?.label.id))).toEqual([
      [shared.id, shared.id],
      [undefined, own.id],
    ]);
  });

  it('keeps the order of each platform where one lacks a step', () => {
    const at = (platform: string, ...texts: string[]) =>
      platformOf(
        platform,
        texts.map((text) => label(platform, text, text)),
      );
    const { rows } = matrixOf(
      stateAfter({ type: 'plan', platforms: [at('a', '1', '3'), at('b', '1', '2', '3', '4')] }),
    );
    expect(rows.map(({ text }) => text)).toEqual(['1', '2', '3', '4']);
  });

  it('shows what is not finished where not all fits', () => {
    const vertices = Array.from({ length: 30 }, (_, at) => label('a', `${at}`, `RUN ${at}`));
    const events = vertices.slice(0, 20).map((vertex) => ({ type: 'cached' as const, vertex }));
    const { rows } = matrixOf(
      stateAfter({ type: 'plan', platforms: [platformOf('a', vertices)] }, ...events),
    );
    expect(visibleRows(rows, 5)).toEqual({ from: 19, to: 24 });
    expect(visibleRows(rows, 40)).toEqual({ from: 0, to: 30 });
    expect(visibleRows(rows.slice(0, 20), 5)).toEqual({ from: 15, to: 20 });
  });

  it('is empty before there is a plan', () => {
    expect(matrixOf(stateAfter())).toEqual({ platforms: [], rows: [] });
  });
});
