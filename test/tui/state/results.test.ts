import { describe, expect, it } from 'vitest';
import { type OpenBuild, runCommand, runTyped } from '../../../src/tui/state/results.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const stored = { platform: 'linux/arm64', digest, layers: [] };
const open = (more: Partial<OpenBuild>): OpenBuild => ({
  ...{ context: '/src', images: [stored], outputs: [], cursor: 0, scroll: 0 },
  ...more,
});
const placeIn = (build: OpenBuild) => runCommand(build, ['sh'])?.[3];

describe('a command in a variant', () => {
  it('runs in what the cache holds, whatever was written', () => {
    const outputs = [{ dest: '/out', tar: false }];
    expect(runCommand(open({ outputs }), ['sh'])).toEqual([
      ...['run', '--platform', 'linux/arm64', digest, '--', 'sh'],
    ]);
    expect(placeIn(open({}))).toBe(digest);
  });

  it('runs in what was written once the cache is pruned, and nowhere where nothing was', () => {
    const images = [{ platform: 'linux/arm64', digest }];
    const pruned = (...outputs: OpenBuild['outputs']) => placeIn(open({ images, outputs }));
    expect(pruned({ dest: '/a.tar', tar: true })).toBe('oci-archive:/a.tar');
    expect(pruned({ dest: '-', tar: true }, { dest: '/d', tar: false })).toBe('oci-layout:///d');
    expect(pruned({ dest: '-', tar: true })).toBeUndefined();
    expect(pruned()).toBeUndefined();
    expect(placeIn(open({ images: [] }))).toBeUndefined();
  });

  it('is what was typed, in words', () => {
    expect(runTyped(open({}), "sh -c 'a b'")).toEqual([
      {
        type: 'interactive',
        command: ['run', '--platform', 'linux/arm64', digest, '--', 'sh', '-c', 'a b'],
      },
    ]);
    expect(runTyped(open({}), ' ')).toEqual([]);
  });
});
