import { describe, expect, it } from 'vitest';
import { caughtBy, claimedCpu, cpuOf, cpus, ruleFaults } from '../../../src/binfmt/index.ts';

describe('a rule', () => {
  it.each(cpus)('of the table for $architecture has no fault and catches no other CPU', (cpu) => {
    expect(ruleFaults(ruleOf(cpu.architecture), cpu)).toEqual([]);
    expect(caughtBy(ruleOf(cpu.architecture))).toEqual([cpu]);
  });

  it.each([
    ['ignores the class', 'arm64', 4, 0x00, ['catches 32-bit programs too']],
    ['asks for one type', 'arm64', 16, 0xff, ['misses position-independent programs']],
    ['asks for one system', 'arm64', 7, 0xff, ['misses programs marked as GNU']],
    ['ignores the machine', 'riscv64', 18, 0x00, ['catches linux/amd64, linux/arm64 too']],
  ])('that %s is found out', (_, architecture, at, bits, faults) => {
    const rule = ruleOf(architecture);
    rule.match.mask[at] = bits;
    expect(ruleFaults(rule, cpuOf(architecture)!)).toEqual(
      architecture === 'riscv64' ? [expect.stringMatching(/^catches linux\/.* too$/)] : faults,
    );
  });

  it('of another CPU catches nothing of this one', () => {
    expect(ruleFaults(ruleOf('arm'), cpuOf('arm64')!)).toEqual([
      'catches no program of linux/arm64',
      'catches linux/arm too',
    ]);
  });

  it('by extension, or longer than what a kernel reads, catches no program', () => {
    expect(caughtBy({ match: { extension: 'exe' } })).toEqual([]);
    expect(caughtBy({ match: { offset: 250, magic: Buffer.alloc(20) } })).toEqual([]);
  });
});

describe('the CPU that a handler claims', () => {
  it.each([
    ['qemu-aarch64', '/usr/libexec/qemu-binfmt/aarch64-binfmt-P', 'arm64'],
    ['anything', '/usr/bin/qemu-mips64el-static', 'mips64le'],
    ['anything', '/usr/lib/mpkit/emulators/qemu-mips64-0123456789abcdef', 'mips64'],
    ['mpkit-s390x', '/proc/self/fd/9', 's390x'],
  ])('%s with %s is %s', (name, interpreter, architecture) => {
    const match = { extension: 'none' };
    expect(claimedCpu({ name, interpreter, match, flags: '' })?.architecture).toBe(architecture);
  });

  it('is told by the rule where no name helps, and is none for Java', () => {
    const entry = { name: 'x', interpreter: '/opt/emulate', flags: '' };
    expect(claimedCpu({ ...entry, ...ruleOf('loong64') })?.architecture).toBe('loong64');
    const greedy = { offset: 0, magic: Buffer.from('7f454c46', 'hex') };
    const cpu = claimedCpu({ ...entry, match: greedy })!;
    expect(ruleFaults({ match: greedy }, cpu)).toContainEqual(
      expect.stringMatching(/^catches linux/),
    );
    const java = { offset: 0, magic: Buffer.from('cafebabe', 'hex') };
    expect(claimedCpu({ ...entry, match: java })).toBeUndefined();
  });
});

function ruleOf(architecture: string) {
  const { magic, mask } = cpuOf(architecture)!;
  return { match: { offset: 0, magic, mask: Buffer.from(mask) } };
}
