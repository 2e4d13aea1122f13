import { render } from 'ink-testing-library';
import { describe, expect, it } from 'vitest';
import { cpus } from '../../../src/binfmt/index.ts';
import { HostScreen } from '../../../src/tui/components/host-screen.tsx';
import { type HostState, hostResult, startHost } from '../../../src/tui/state/host.ts';

const row = (platform: string, way: string, detail: string) => ({
  ...{ platform, way, detail },
  executed: way !== 'none',
});
const report = {
  findings: [{ id: 'kernel', result: 'warning', observed: 'old' }],
  tier: { name: 'private', why: 'this kernel has it' },
  platforms: {
    usable: [
      row('linux/arm64', 'private', 'QEMU 11.1'),
      row('linux/amd64', 'native', 'this CPU'),
      row('linux/386', 'native-compatible', 'this CPU too'),
      row('linux/riscv64', 'host-wide', 'QEMU 10'),
    ],
    unusable: [row('linux/s390x', 'none', 'no emulator')],
  },
};

const frame = (state: HostState, columns: number, rows: number) => {
  const { lastFrame, unmount } = render(<HostScreen {...{ state, columns, rows }} />);
  const text = lastFrame() ?? '';
  unmount();
  return text;
};
const start = startHost({ platform: 'linux/amd64', isRoot: true });
const state = hostResult(start, 'doctor', JSON.stringify(report));

describe('the screen Host', () => {
  it('tells first which platforms run here and how, in a small window', () => {
    expect(frame(state, 80, 17).split('\n').slice(0, 5)).toEqual([
      'private: this kernel has it',
      'native: amd64, 386',
      'emulated: arm64, riscv64',
      'not here: s390x',
      '> warning  kernel: old',
    ]);
  });

  it('has room for all of them in 80 columns', () => {
    const names = [...cpus.map(({ architecture }) => `linux/${architecture}`), 'linux/arm/v7'];
    for (const key of ['usable', 'unusable'] as const) {
      const platforms = { usable: [], unusable: [], [key]: names.map((each) => row(each, '', '')) };
      const all = hostResult(start, 'doctor', JSON.stringify({ ...report, platforms }));
      expect(frame(all, 80, 17)).toContain(names.map((each) => each.slice(6)).join(', '));
    }
  });

  it('has a table of them beside the list in a wide one', () => {
    const lines = frame(state, 100, 43).split('\n');
    expect(lines[1]).toBe('native: amd64, 386');
    // the library's own window has 100 columns; what is wider is cut there
    const wide = frame(state, 120, 43).split('\n');
    expect(wide[1]).toMatch(/^platforms, as just tried/);
    expect(wide.slice(2, 7).map((line) => line.slice(0, 56).trimEnd())).toEqual([
      'linux/amd64    native    this CPU',
      'linux/386      native    this CPU too',
      'linux/arm64    emulated  QEMU 11.1',
      'linux/riscv64  emulated  QEMU 10',
      'linux/s390x    not here  no emulator, not executed',
    ]);
  });

  it('says nothing of platforms before the doctor has looked, or where its answer is odd', () => {
    expect(frame(start, 200, 43).trim()).toBe('looking at this host ...');
    const odd = hostResult(
      start,
      'doctor',
      JSON.stringify({ ...report, platforms: { usable: 1 } }),
    );
    expect(odd.platforms).toBeUndefined();
  });
});
