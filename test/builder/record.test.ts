import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VertexLabel } from '../../src/builder/events.ts';
import { type BuildRecord, createStepRecorder } from '../../src/builder/record.ts';
import { openRecords } from '../../src/builder/records.ts';

const run: VertexLabel = { id: 'a', platform: 'linux/arm64', step: '2/2', text: 'RUN make' };
const plan = {
  type: 'plan' as const,
  platforms: [
    {
      platform: 'linux/arm64',
      vertices: [run],
      steps: [{ label: run, platform: 'linux/arm64', kind: 'emulated' as const }],
    },
  ],
};

describe('the record of steps', () => {
  it('says how long a step took, and how', () => {
    const recorder = createStepRecorder([]);
    recorder.emit(plan);
    recorder.emit({ type: 'started', vertex: run, at: 1000 });
    recorder.emit({ type: 'done', vertex: run, at: 3500 });
    expect(recorder.steps()).toEqual([
      {
        ...{ platform: 'linux/arm64', step: '2/2', text: 'RUN make', kind: 'emulated' },
        ...{ status: 'done', seconds: 2.5, lastSeconds: 2.5 },
      },
    ]);
  });

  it('remembers the time of a step that is cached now, whatever its inputs are', () => {
    const recorder = createStepRecorder([{ ...run, status: 'done', seconds: 2, lastSeconds: 2 }]);
    recorder.emit({ type: 'cached', vertex: { ...run, id: 'other' } });
    expect(recorder.steps()).toMatchObject([{ status: 'cached', lastSeconds: 2 }]);
    expect(recorder.steps()[0]?.seconds).toBeUndefined();
    expect([...recorder.lastTimes()]).toEqual([['other', 2000]]);
  });

  it('does not take the time to a failure for the time of the step', () => {
    const recorder = createStepRecorder([{ ...run, status: 'done', lastSeconds: 2 }]);
    recorder.emit({ type: 'started', vertex: run, at: 0 });
    recorder.emit({ type: 'failed', vertex: run, at: 100, message: 'no' });
    expect(recorder.steps()).toMatchObject([{ status: 'failed', seconds: 0.1, lastSeconds: 2 }]);
  });
});

describe('the records', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'mpkit-records-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const record = (context: string, startedAt: number): BuildRecord => ({
    ...{ version: 1, context, file: `${context}/Dockerfile`, startedAt, seconds: 1 },
    ...{ platforms: [], tags: [], outputs: [], command: [], images: [], steps: [], status: 'done' },
  });

  it('keep the last of each context, the newest first', () => {
    const records = openRecords(root);
    for (const each of [record('/a', 1), record('/b', 2), record('/a', 3)]) records.put(each);
    expect(records.list().map(({ context, startedAt }) => [context, startedAt])).toEqual([
      ['/a', 3],
      ['/b', 2],
    ]);
    expect(records.last('/b')?.startedAt).toBe(2);
    expect(records.last('/b', '/b/other')).toBeUndefined();
  });

  it('are bounded', () => {
    const records = openRecords(root);
    for (let at = 1; at <= 60; at++) records.put(record(`/${at}`, at));
    expect(records.list()).toHaveLength(50);
    expect(records.last('/10')).toBeUndefined();
    expect(readdirSync(join(root, 'builds'))).toHaveLength(50);
  });

  it('skip what is damaged', () => {
    const records = openRecords(root);
    records.put(record('/a', 1));
    for (const [name, text] of Object.entries({ x: '{', y: 'null', z: '{"version":2,"steps":[]}' }))
      writeFileSync(join(root, `builds/${name}.json`), text);
    expect(records.list().map(({ context }) => context)).toEqual(['/a']);
    expect(openRecords(join(root, 'missing')).list()).toEqual([]);
  });
});
