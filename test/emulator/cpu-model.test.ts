import { expect, it } from 'vitest';
import { cpus } from '../../src/binfmt/index.ts';
import { cpuModel } from '../../src/emulator/cpu-model.ts';

it('avoids slow pointer authentication on arm64', () => {
  expect(cpuModel('arm64', '7.2.22')).toBe('max,pauth=off');
  expect(cpuModel('arm64', '10.0.0-rc2')).toBe('max,pauth=off');
  expect(cpuModel('arm64', '11.0.9')).toBe('max,pauth=off');
});

it('names no property that an old QEMU does not know', () => {
  expect(cpuModel('arm64', '5.2.0')).toBe('cortex-a72');
  expect(cpuModel('arm64', '6.0')).toBe('max,pauth=off');
});

it('leaves the default where it is the best', () => {
  expect(cpuModel('arm64', '11.1.0')).toBeUndefined();
  expect(cpuModel('arm64', '12.0')).toBeUndefined();
  for (const { architecture } of cpus)
    if (architecture !== 'arm64') expect(cpuModel(architecture, '7.2')).toBeUndefined();
  expect(cpuModel('unheard-of', '7.2')).toBeUndefined();
});
