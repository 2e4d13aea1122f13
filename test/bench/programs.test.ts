import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { architectureOf, cpus, readElf } from '../../src/binfmt/index.ts';
import { benchFolder, packageRoot } from '../../src/paths.ts';
import { hostPlatform } from '../../src/platform.ts';
import { run } from '../../src/process.ts';

const scratch = mkdtempSync(join(tmpdir(), 'mpkit-bench-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const host = hostPlatform().architecture;
const program = (architecture: string) => join(benchFolder(), architecture);
const clang = await findClang();

describe('the committed programs', () => {
  it('are one small static program for each CPU of the table', () => {
    expect(readdirSync(benchFolder()).sort()).toEqual(cpus.map((cpu) => cpu.architecture).sort());
    for (const { architecture, elf } of cpus) {
      const facts = readElf(program(architecture))!;
      expect(facts).toMatchObject({ ...elf, type: 'executable', isStatic: true });
      expect(architectureOf(facts)).toBe(architecture);
      expect(statSync(program(architecture)).size).toBeLessThan(16_384);
    }
  });

  it.skipIf(!clang)(
    `are what \`rebuild\` makes${clang ? '' : ' (skipped: needs clang and ld.lld 19, which made them)'}`,
    async () => {
      const rebuild = join(packageRoot(), 'native/bench/rebuild');
      expect(await run(rebuild, [scratch])).toMatchObject({ exitCode: 0, stderr: '' });
      for (const { architecture } of cpus)
        expect(readFileSync(join(scratch, architecture)), architecture).toEqual(
          readFileSync(program(architecture)),
        );
    },
  );
});

describe('on its own CPU', () => {
  const bench = (...words: string[]) =>
    run(program(host), [program(host), ...words], { cwd: scratch });

  it.each('integer float memory branches hash compress calls exec threads files'.split(' '))(
    '%s gets its known answer and measures its rounds',
    async (workload) => {
      const { exitCode, stdout } = await bench(workload, '20');
      expect(stdout).toMatch(
        new RegExp(`^mpkit-bench 1 ${workload} rounds=20 ns=[1-9]\\d+ result=[0-9a-f]{8} right$`),
      );
      expect(exitCode).toBe(0);
    },
  );

  it('computes the SHA-256 that everybody computes', async () => {
    const bytes = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7) & 0xff));
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect((await bench('hash', '1')).stdout).toContain(` result=${digest.slice(0, 8)} `);
  });

  it('says wrong, by word and status, when its child cannot start', async () => {
    const { exitCode, stdout } = await run(program(host), ['/nonexistent', 'exec', '5']);
    expect(stdout).toMatch(/ rounds=0 .* wrong$/);
    expect(exitCode).toBe(10);
  });

  it('finds every answer that is one bit off', async () => {
    const bytes = readFileSync(program(host));
    for (const workload of ['integer', 'float', 'memory', 'branches', 'hash', 'compress']) {
      const answer = /result=([0-9a-f]{8})/.exec((await bench(workload, '1')).stdout)![1]!;
      const expected = Buffer.from(answer, 'hex');
      if (endianness() === 'LE') expected.reverse();
      const at = bytes.indexOf(expected);
      expect(bytes.indexOf(expected, at + 1), 'its only place').toBe(-1);
      const other = Buffer.from(bytes);
      other[at]! ^= 1;
      const path = join(scratch, `other-${workload}`);
      writeFileSync(path, other, { mode: 0o755 });
      const { exitCode, stdout } = await run(path, [path, workload, '5']);
      expect({ exitCode, stdout }).toEqual({
        exitCode: 10,
        stdout: expect.stringMatching(` rounds=0 .* result=${answer} wrong$`),
      });
    }
  });

  it('knows no other workload', async () => {
    expect((await bench('unheard', '1')).exitCode).toBe(2);
    expect((await bench('hash')).exitCode).toBe(2);
  });
});

/** Clang 19 where its linker is there too: other versions make other bytes. */
async function findClang(): Promise<boolean> {
  const script =
    'for c in clang-19 clang; do $c --version; done; for l in ld.lld-19 ld.lld; do $l --version; done';
  const { stdout } = await run('sh', ['-c', script]);
  return /clang version 19\./.test(stdout) && /LLD 19\./.test(stdout);
}
