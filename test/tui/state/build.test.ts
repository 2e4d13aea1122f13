import { describe, expect, it } from 'vitest';
import { elapsedOf } from '../../../src/tui/state/build.ts';
import { amd64, arm64, label, log, plan, stateAfter } from '../events.ts';

describe('the state of a build', () => {
  it('knows from the plan what will run and how', () => {
    const { platforms, steps } = stateAfter(plan);
    expect(platforms.map(({ platform, ids }) => [platform, ids.length])).toEqual([
      ['linux/amd64', 3],
      ['linux/arm64', 3],
    ]);
    expect(steps.get(arm64.run.id)).toMatchObject({
      status: 'waiting',
      kind: 'emulated',
      emulator: 'QEMU 11.1.3',
    });
    expect(steps.get(arm64.copy.id)?.kind).toBeUndefined();
  });

  it('follows a step to its end', () => {
    const started = { type: 'started', vertex: arm64.run, at: 100 } as const;
    const running = stateAfter(plan, started, log(arm64.run, 'hello\n'));
    const step = running.steps.get(arm64.run.id);
    expect(step).toMatchObject({ status: 'running', log: { lines: ['hello'] } });
    expect(step && elapsedOf(step, 1600)).toBe(1500);
    const done = stateAfter(plan, started, { type: 'done', vertex: arm64.run, at: 900 });
    const ended = done.steps.get(arm64.run.id);
    expect(ended?.status).toBe('done');
    expect(ended && elapsedOf(ended, 99_999)).toBe(800);
  });

  it('never changes a state that it gave', () => {
    const before = stateAfter(plan);
    const copy = structuredClone(before);
    stateAfter(plan, { type: 'cached', vertex: amd64.base }, log(amd64.run, 'x\n'));
    expect(before).toEqual(copy);
  });

  it('remembers the last time of what stands at the same place', () => {
    const durations = new Map([[arm64.run.id, 2500]]);
    const { steps } = stateAfter(plan, { type: 'history', durations });
    expect(steps.get(arm64.run.id)?.last).toBe(2500);
    expect(steps.get(amd64.run.id)?.last).toBeUndefined();
  });

  it('shows what no plan named under the platform that it is for', () => {
    const stray = label('linux/amd64->linux/riscv64', 'build 1/2', 'RUN x');
    const { platforms } = stateAfter(plan, { type: 'started', vertex: stray, at: 1 });
    expect(platforms.at(-1)).toEqual({ platform: 'linux/riscv64', ids: [stray.id] });
  });

  it('keeps few notices', () => {
    const notices = Array.from({ length: 20 }, (_, at) => ({
      type: 'notice' as const,
      text: `notice ${at}`,
    }));
    expect(stateAfter(...notices).notices).toEqual(
      [15, 16, 17, 18, 19].map((at) => `notice ${at}`),
    );
  });
});
