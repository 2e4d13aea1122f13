import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  architectureOf,
  type Cpu,
  cpuOf,
  cpus,
  formatEntry,
  readElf,
} from '../../src/binfmt/index.ts';
import { packageRoot, probeFolder } from '../../src/paths.ts';
import { hostPlatform } from '../../src/platform.ts';
import { run } from '../../src/process.ts';
import { foreignCpus, nativeCpus } from '../helpers/native-cpus.ts';

const scratch = mkdtempSync(join(tmpdir(), 'mpkit-probe-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const host = hostPlatform().architecture;
const native = nativeCpus();
const emulated = foreignCpus();

const clang = await findClang();

describe('the committed programs', () => {
  it('are one small static program for each CPU of the table', () => {
    expect(readdirSync(probeFolder()).sort()).toEqual(cpus.map((cpu) => cpu.architecture).sort());
    for (const { architecture, elf } of cpus) {
      const facts = readElf(program(architecture))!;
      expect(facts).toMatchObject({ ...elf, type: 'executable', isStatic: true });
      expect(architectureOf(facts)).toBe(architecture);
      expect(statSync(program(architecture)).size).toBeLessThan(8192);
    }
  });

  it.skipIf(!clang)(
    `are what \`rebuild\` makes${clang ? '' : ' (skipped: needs clang and ld.lld 19, which made them)'}`,
    async () => {
      const rebuild = join(packageRoot(), 'native/probe/rebuild');
      expect(await run(rebuild, [scratch])).toMatchObject({ exitCode: 0, stderr: '' });
      for (const { architecture } of cpus)
        expect(readFileSync(join(scratch, architecture)), architecture).toEqual(
          readFileSync(program(architecture)),
        );
    },
  );
});

describe('on its own CPU', () => {
  it.each(native)('%s finds that everything works', async (architecture) => {
    const { status, line } = await execute(architecture, []);
    expect({ status, line }).toEqual({ status: 0, line: allWell });
  });

  it('says by its status that it was called without its path', async () => {
    expect((await run(program(host), [])).exitCode).toBe(2);
  });

  it('finds that argv[0] is not as announced', async () => {
    const { exitCode, stdout } = await run(program(host), [program(host)]);
    expect(exitCode).toBe(10);
    expect(stdout).toContain(' argv0=fail child=ok ');
  });

  it('finds that its child cannot start', async () => {
    const { status, line } = await execute(host, [], join(scratch, 'missing'));
    expect(status).toBe(11);
    expect(line).toContain(' argv0=ok child=fail ');
  });
});

const emulators = await findEmulators();
const able = (await run('unshare', ['-Urm', 'sh', '-c', mountScript()])).exitCode === 0;
const lacking = !able
  ? 'no private binfmt_misc here'
  : !emulators
    ? 'no QEMU could be fetched'
    : '';

describe.skipIf(lacking !== '')(`under QEMU${lacking && ` (skipped: ${lacking})`}`, () => {
  it.each(emulated)('$architecture finds that everything works', async (cpu) => {
    const { status, line } = await execute(cpu.architecture, [handler(cpu, 'POCF')]);
    expect({ status, line }).toEqual({ status: 0, line: allWell });
    expect(cpu.uname).toContain(/machine=(\S+)/.exec(line)?.[1]);
  });

  const [first] = emulated as [Cpu];
  it('finds a handler that loses argv[0]', async () => {
    const { status, line } = await execute(first.architecture, [handler(first, 'F')]);
    expect(status).toBe(10);
    expect(line).toContain(' argv0=fail child=ok ');
  });

  it('finds an emulator whose children the kernel cannot start', async () => {
    const path = program(first.architecture);
    const { exitCode, stdout } = await run('unshare', [
      ...['-Urm', 'sh', '-c', `${mountScript()} && exec "$@"`, 'sh'],
      ...[join(emulators!, first.qemu[0]!), '-0', 'mpkit-probe', path, path],
    ]);
    expect(exitCode).toBe(11);
    expect(stdout).toContain(' argv0=ok child=fail thread=ok ');
  });

  it('is not started at all where no handler is', async () => {
    // execvp(3) hands what the kernel refuses to a shell, which knows nothing about it either
    const { status, line } = await execute(first.architecture, []);
    expect(status).not.toBe(0);
    expect(line).toBe('');
  });
});

const allWell = expect.stringMatching(
  /^mpkit-probe 1 machine=\S+ argv0=ok child=ok thread=ok signal=ok offset=ok\n$/,
);

function program(architecture: string): string {
  return join(probeFolder(), architecture);
}

function handler({ architecture, magic, mask, qemu }: Cpu, flags: string): string {
  const interpreter = join(emulators!, qemu[0]!);
  return formatEntry({ name: architecture, match: { offset: 0, magic, mask }, interpreter, flags });
}

function mountScript(): string {
  return 'mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc';
}

/** Runs a probe as `mpkit-probe`; with handlers in a binfmt_misc of its own, else as a child. */
async function execute(architecture: string, handlers: string[], child = program(architecture)) {
  const start = `
    const { spawnSync } = require('node:child_process');
    const [path, child] = process.argv.slice(1);
    const { status, stdout } = spawnSync(path, [child], { argv0: 'mpkit-probe' });
    console.log(JSON.stringify({ status, line: String(stdout) }));`;
  const node = [process.execPath, '-e', start, program(architecture), child];
  if (handlers.length === 0 && native.includes(architecture)) return outcome(node);
  const file = join(scratch, 'handler');
  writeFileSync(file, handlers.join(''));
  const register = `[ ! -s "$0" ] || cat "$0" > /proc/sys/fs/binfmt_misc/register`;
  const script = `${mountScript()} && { ${register}; } && exec "$@"`;
  return outcome(['unshare', '-Urm', 'sh', '-c', script, file, ...node]);
}

async function outcome([command, ...args]: string[]) {
  const { exitCode, stdout, stderr } = await run(command!, args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout) as { status: number | null; line: string };
}

/** Clang 19 where its linker is there too: other versions make other bytes. */
async function findClang(): Promise<boolean> {
  const script =
    'for c in clang-19 clang; do $c --version; done; for l in ld.lld-19 ld.lld; do $l --version; done';
  const { stdout } = await run('sh', ['-c', script]);
  return /clang version 19\./.test(stdout) && /LLD 19\./.test(stdout);
}

/** A folder of static emulators: MPKIT_TEST_EMULATORS, or Debian's newest, fetched once. */
async function findEmulators(): Promise<string | undefined> {
  if (process.env.MPKIT_TEST_EMULATORS) return process.env.MPKIT_TEST_EMULATORS;
  const debian = cpuOf(host)!.debian;
  const cache = join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'mpkit-test/qemu-user',
  );
  const fetcher = join(packageRoot(), 'examples/hello/fetch.sh');
  const env = { SUITES: 'unstable' };
  const { exitCode } = await run(fetcher, [cache, 'qemu-user', debian], { env });
  const folder = join(cache, debian, 'usr/bin');
  return exitCode === 0 && existsSync(folder) ? folder : undefined;
}
