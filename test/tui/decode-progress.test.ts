import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../src/builder/events.ts';
import { createRawJsonPrinter } from '../../src/tui/rawjson.ts';
import { type BuildState, reduceBuild, startBuild } from '../../src/tui/state/build.ts';
import { decodeProgress, decoderStart } from '../../src/tui/state/decode-progress.ts';
import { matrixOf } from '../../src/tui/state/matrix.ts';
import { amd64, arm64, log, plan, stateAfter } from './events.ts';
import { fetched } from './transfers.ts';

const build: BuildEvent[] = [
  plan,
  { type: 'notice', text: 'take care ü' },
  { type: 'started', vertex: amd64.run, at: 1000 },
  log(amd64.run, 'one\ntwo\n', 1500),
  { type: 'done', vertex: amd64.run, at: 2000 },
  { type: 'cached', vertex: arm64.base },
  { type: 'started', vertex: arm64.copy, at: 1000 },
  { type: 'failed', vertex: arm64.copy, at: 3000, message: 'no space' },
  { type: 'canceled', vertex: arm64.run },
];

function throughJson(events: readonly BuildEvent[]): BuildState {
  let text = '';
  const printer = createRawJsonPrinter((more) => {
    text += more;
  });
  events.forEach(printer.emit);
  printer.remember(new Map([[arm64.run.id, 4500]]));
  printer.close();
  let decoder = decoderStart;
  let state = startBuild(0);
  for (const line of text.trimEnd().split('\n')) {
    const decoded = decodeProgress(decoder, line);
    if (!decoded) throw new Error(`not understood: ${line}`);
    decoder = decoded.decoder;
    for (const event of decoded.events) state = reduceBuild(state, event);
  }
  return state;
}

describe('raw JSON, read again', () => {
  it('gives the picture that the events give', () => {
    const direct = stateAfter(...build, {
      type: 'history',
      durations: new Map([[arm64.run.id, 4500]]),
    });
    const facts = (state: BuildState) =>
      matrixOf(state).rows.map(({ step, text, cells }) => [
        step,
        text,
        ...cells.map((cell) => cell && { ...cell, label: cell.label.platform }),
      ]);
    expect(facts(throughJson(build))).toEqual(facts(direct));
    expect(throughJson(build).notices).toEqual(['take care ü']);
  });

  it('gives the transfers that the events give, until they end', () => {
    const running = [fetched(0, 0), fetched(0, 0, { id: 'b', kind: 'export' }), fetched(2, 9)];
    expect(throughJson(running).transfers.size).toBe(2);
    expect(throughJson(running).transfers).toEqual(stateAfter(...running).transfers);
    for (const end of ['done', 'failed'] as const) {
      const ended = [...running, fetched(3, 10, { end })];
      expect([...throughJson(ended).transfers.keys()]).toEqual(['b']);
    }
  });

  it('leaves what is no progress to the reader', () => {
    for (const line of ['mpkit: cannot read', '', '{"half', '[]'])
      expect(decodeProgress(decoderStart, line)).toBeUndefined();
    expect(decodeProgress(decoderStart, '{"logs":[{"vertex":"x","data":""}]}')?.events).toEqual([]);
  });
});
