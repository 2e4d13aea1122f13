import { describe, expect, it } from 'vitest';
import { candidatesOf } from '../../src/bench/index.ts';
import type { EmulatorRecord, KeptChoices } from '../../src/emulator/index.ts';
import { hostPlatform, parsePlatform } from '../../src/platform.ts';

const record = (architecture: string, version: string, hex: string): EmulatorRecord => ({
  ...{ architecture, version, digest: `sha256:${hex.repeat(64)}`, size: 1 },
  ...{ source: { kind: 'path', from: '/qemu' }, added: '2026-01-01T00:00:00.000Z' },
});
const newest = record('arm64', '11.1.3', 'b');
const old = record('arm64', '7.2.22', 'a');
const lonely = record('s390x', '11.1.3', 'c');
const native = record(hostPlatform().architecture, '11.1.3', 'd');
const stored = [newest, old, lonely, native];

/** `a max,pauth=off`: the digest's digit and the model; with `?` it may be left out. */
const compared = (
  emulators: readonly EmulatorRecord[],
  {
    platforms,
    models = [],
    choices = {},
  }: { platforms?: string[]; models?: string[]; choices?: KeptChoices } = {},
) =>
  candidatesOf(emulators, { platforms: platforms?.map(parsePlatform), models, choices }).map(
    ({ emulator, cpu, isOptional }) => `${emulator?.at(-1)} ${cpu}${isOptional ? '?' : ''}`,
  );

describe('what is compared', () => {
  it('is what is used first, then every other emulator and the default of each', () =>
    expect(compared(stored)).toEqual(['b default', 'a max,pauth=off', 'a default', 'b max?']));

  it('is no CPU that has one emulator and one model, unless it is asked for', () => {
    expect(compared([lonely])).toEqual([]);
    expect(compared([lonely], { platforms: ['linux/s390x'] })).toEqual(['c default', 'c max?']);
  });

  it('begins with what was chosen', () => {
    const choices = { arm64: { digest: old.digest, cpu: 'cortex-a72' } };
    expect(compared(stored, { choices })).toEqual([
      ...['a cortex-a72', 'a max,pauth=off', 'a default', 'b default', 'a max?'],
    ]);
  });

  it('has the models that were asked for, of every emulator', () =>
    expect(compared(stored, { platforms: ['linux/arm64'], models: ['cortex-a72'] })).toEqual([
      ...['b default', 'b cortex-a72', 'a max,pauth=off', 'a default', 'a cortex-a72', 'b max?'],
    ]));

  it('is nothing that runs natively', () =>
    expect(compared([native], { platforms: [`linux/${native.architecture}`] })).toEqual([]));
});
