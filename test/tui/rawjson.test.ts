import { describe, expect, it } from 'vitest';
import { createRawJsonPrinter } from '../../src/tui/rawjson.ts';
import { arm64, log, plan } from './events.ts';
import { fetched } from './transfers.ts';

function printed() {
  let text = '';
  const printer = createRawJsonPrinter((more) => {
    text += more;
  });
  return {
    printer,
    lines: () =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
  };
}

describe('raw JSON', () => {
  it('has BuildKit’s keys, one object a line', () => {
    const { printer, lines } = printed();
    printer.emit(plan);
    printer.emit({ type: 'started', vertex: arm64.run, at: 1000 });
    printer.emit(log(arm64.run, 'one\n', 1100));
    printer.emit(log(arm64.run, 'two\n', 1200));
    printer.emit({ type: 'failed', vertex: arm64.run, at: 2000, message: 'exited with 1' });
    printer.emit({ type: 'notice', text: 'careful' });
    printer.close([{ platform: 'linux/arm64', digest: 'sha256:abc' }]);
    const [first, ...others] = lines();
    const digest = `sha256:${arm64.run.id}`;
    expect(first.vertexes.map(({ name }: { name: string }) => name)).toContain(
      '[linux/arm64 3/3] RUN make',
    );
    expect(first['mpkit.plan'][1].steps).toEqual([
      { vertex: digest, platform: 'linux/arm64', kind: 'emulated', emulator: 'QEMU 11.1.3' },
    ]);
    expect(others).toMatchObject([
      { vertexes: [{ digest, started: '1970-01-01T00:00:01.000Z' }] },
      {
        logs: [
          {
            vertex: digest,
            stream: 1,
            data: Buffer.from('one\ntwo\n').toString('base64'),
            timestamp: '1970-01-01T00:00:01.200Z',
          },
        ],
      },
      { vertexes: [{ digest, completed: '1970-01-01T00:00:02.000Z', error: 'exited with 1' }] },
      { warnings: [{ short: Buffer.from('careful').toString('base64') }] },
      { 'mpkit.result': [{ platform: 'linux/arm64', digest: 'sha256:abc' }] },
    ]);
  });

  it('has transfers as statuses of a vertex of their own', () => {
    const { printer, lines } = printed();
    printer.emit(fetched(0, 0));
    printer.emit(fetched(2, 35.2));
    printer.emit(fetched(4, 70.4, { end: 'done' }));
    const { total: _, ...unknown } = fetched(0, 0, { id: 'export /x.tar', kind: 'export' });
    printer.emit(unknown);
    printer.emit({ ...unknown, bytes: 5, end: 'failed' });
    printer.close();
    const [first, second, third, , failed] = lines();
    const vertex = first.vertexes[0].digest;
    expect(vertex).toMatch(/^sha256:[0-9a-f]{64}$/);
    const begun = { started: '1970-01-01T00:16:40.000Z' };
    const name = 'fetching qemu-user 11.1.3';
    const own = { id: 'fetch 1', kind: 'fetch', name: 'qemu-user 11.1.3' };
    const status = { id: 'qemu-user 11.1.3', vertex, name: 'fetching', total: 70_400_000 };
    expect([first, second, third]).toEqual([
      {
        vertexes: [{ digest: vertex, name, ...begun, 'mpkit.transfer': own }],
        statuses: [{ ...status, current: 0, timestamp: begun.started, ...begun }],
      },
      {
        statuses: [
          { ...status, current: 35_200_000, timestamp: '1970-01-01T00:16:42.000Z', ...begun },
        ],
      },
      {
        vertexes: [
          {
            ...{ digest: vertex, name, ...begun },
            ...{ completed: '1970-01-01T00:16:44.000Z', 'mpkit.transfer': own },
          },
        ],
        statuses: [
          {
            ...{ ...status, current: 70_400_000, timestamp: '1970-01-01T00:16:44.000Z', ...begun },
            completed: '1970-01-01T00:16:44.000Z',
          },
        ],
      },
    ]);
    expect(failed.vertexes[0]).toMatchObject({ error: 'stopped' });
    expect(failed.statuses[0]).not.toHaveProperty('completed');
    expect(failed.statuses[0]).not.toHaveProperty('total');
  });

  it('writes few lines, whatever a step prints, and loses nothing', () => {
    const { printer, lines } = printed();
    const chunk = `${'x'.repeat(63)}\n`;
    for (let at = 0; at < 10_000; at++) printer.emit(log(arm64.run, chunk));
    printer.close();
    const logs = lines().flatMap((each) => each.logs);
    expect(logs.length).toBeLessThanOrEqual(11);
    expect(logs.map(({ data }) => Buffer.from(data, 'base64').toString()).join('')).toBe(
      chunk.repeat(10_000),
    );
  });
});
