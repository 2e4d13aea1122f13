import { render } from 'ink-testing-library';
import { expect, it } from 'vitest';
import type { BenchEvent } from '../../../src/bench/index.ts';
import { ActionView } from '../../../src/tui/components/action-view.tsx';
import { BenchScreen } from '../../../src/tui/components/bench-screen.tsx';
import { BuildScreenView } from '../../../src/tui/components/build-screen.tsx';
import { createRawJsonPrinter } from '../../../src/tui/rawjson.ts';
import { actionLine, startAction } from '../../../src/tui/state/action.ts';
import { type BenchRun, benchStart, reduceBench } from '../../../src/tui/state/bench.ts';
import { startForm } from '../../../src/tui/state/build-form.ts';
import { type BuildScreen, buildLine, startRun } from '../../../src/tui/state/build-screen.ts';
import { noTransfers } from '../../../src/tui/state/transfers.ts';
import { plan } from '../events.ts';
import { fetched, now as momentOf } from '../transfers.ts';

const size = { now: momentOf(4), columns: 80, rows: 16 };
const moving = 'fetching qemu-user 11.1.3: 35.2 of 70.4 MB, 8.8 MB/s, 4 s left';
const sample = (at: number) =>
  ({
    ...{ type: 'sample', workload: 'hash', target: 'arm64 QEMU 11.1.3', nanoseconds: 1 },
    ...{ at, of: 100, share: at / 100, time: momentOf(at / 20) },
  }) as const satisfies BenchEvent;

it('a confirmed command shows what it said and what it moves, until its end', () => {
  const action = ['{"type":"notice","text":"reading"}', fetched(0, 0), fetched(4, 35.2)]
    .map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
    .reduce(actionLine, startAction(['emulator', 'add']).action);
  expect(
    render(<ActionView {...{ ...size, action }} />)
      .lastFrame()
      ?.split('\n'),
  ).toEqual([...['$ mpkit emulator add', 'reading', `=> ${moving}`, 'running ... (x stops it)']]);
  const ended = { ...action, code: 1 };
  expect(render(<ActionView {...{ ...size, action: ended }} />).lastFrame()).not.toContain('=>');
});

it('the screen Bench shows what is fetched, then what is measured', () => {
  const start: BenchRun = {
    ...{ status: 'running', targets: [], samples: new Map(), workloads: [] },
    ...{ transfers: noTransfers, messages: [] },
  };
  const shown = (events: BenchEvent[]) => {
    const state = { ...benchStart, run: events.reduce(reduceBench, start) };
    return render(<BenchScreen {...{ ...size, state }} />).lastFrame();
  };
  const fetching = [fetched(0, 0), fetched(4, 35.2)];
  expect(shown([])).toContain('preparing ...');
  expect(shown(fetching)).toContain(moving);
  const measuring = [sample(0), sample(80)];
  expect(shown([...fetching, fetched(4, 70.4, { end: 'done' }), ...measuring])).toContain(
    'measuring hash, arm64 QEMU 11.1.3: 80 of 100 samples, 1 s left',
  );
});

it('the screen Build shows what is moved above the chosen step', () => {
  const form = startForm('/', 'linux/amd64');
  let state: BuildScreen = startRun({ form }, ['build', '.'], momentOf(0)).state;
  const printer = createRawJsonPrinter((text) => {
    for (const line of text.trimEnd().split('\n')) state = buildLine(state, line);
  });
  for (const event of [plan, fetched(0, 0), fetched(4, 35.2)]) printer.emit(event);
  const screen = () => render(<BuildScreenView {...{ ...size, state }} />).lastFrame();
  expect(screen()).toContain(`=> ${moving}`);
  printer.emit(fetched(8, 70.4, { end: 'done' }));
  printer.close();
  expect(screen()).not.toContain('qemu-user 11');
});
