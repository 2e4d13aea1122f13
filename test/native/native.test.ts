/** The parts of native/ that only compute, tried by programs of their own (native/test). */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clone } from '../helpers/mpkit.ts';
import { requires } from '../helpers/requires.ts';
import { workplace } from '../integration/build/workplace.ts';

const native = join(clone, 'native');
const compiler = requires('make', 'cc');
const sanitizers = canSanitize();
const onAmd64 = process.arch === 'x64';

describe.skipIf(!compiler.ok)(`compiled as it is used${compiler.why}`, () => {
  const folder = made('tests');

  tried(folder);

  it('allows on every ABI exactly the calls of the list', () => {
    const named = readFileSync(join(native, 'allowed.list'), 'utf8').split('\n');
    const allowed = new Set(named.filter((line) => /^\w/.test(line)));
    const judged = new Map<string, string[]>([
      ['x32', ['ENOSYS']],
      ['foreign', ['ENOSYS']],
    ]);
    const tables = new Map([
      ['native', numbers('asm/unistd.h')],
      ...(onAmd64 ? [['i386', numbers('asm/unistd_32.h')] as const] : []),
    ]);
    const dump = run(folder, 'filter_test', 'dump').stdout.trim().split('\n');
    expect(dump.length).toBe(1024 * (onAmd64 ? 4 : 2));
    const wrong = dump.filter((line) => {
      const [abi = '', number, answer = ''] = line.split(' ');
      const fixed = judged.get(abi);
      if (fixed) return !fixed.includes(answer);
      const names = tables.get(abi)?.get(Number(number)) ?? [];
      return answer !== expected(names, Number(number), allowed);
    });
    expect(wrong).toEqual([]);
  });

  it('withholds what gives power over the host', () => {
    const table = numbers('asm/unistd.h');
    const answers = new Map(
      run(folder, 'filter_test', 'dump')
        .stdout.split('\n')
        .filter((line) => line.startsWith('native '))
        .map((line) => line.split(' '))
        .flatMap(([, number, answer]) =>
          (table.get(Number(number)) ?? []).map((name) => [name, answer] as const),
        ),
    );
    const powers = 'mount umount2 pivot_root setns unshare bpf keyctl add_key reboot '.concat(
      'init_module finit_module perf_event_open userfaultfd open_by_handle_at swapon move_mount',
    );
    for (const name of powers.split(' '))
      expect([name, answers.get(name)]).toEqual([name, 'EPERM']);
    for (const name of ['clone3', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'])
      expect([name, answers.get(name)]).toEqual([name, 'ENOSYS']);
  });

  const least = ['--root-fd', '0', '--attach', '/a'];
  it.each([
    [[...least, '--', 'x'], 'attach=/a user=0 group=0 groups=0: files=0 binds=0 limit=0 memory=0'],
    [
      [...least, '--user', '4294967294', '--groups', '0,1000660000', '--terminal', '--', 'x'],
      'attach=/a user=4294967294 group=0 groups=2:0,1000660000, files=0 binds=0 limit=0 memory=0 terminal=1',
    ],
    [
      [...least, '--file', 'a', 'b', '--bind', 'c', 'd', '--bind-read-only', 'e', 'f', '--', 'x'],
      'files=1 binds=2:c>d:e>f!',
    ],
    [
      [...least, '--memory', '6442450944', '--time-limit', '7', '--', 'x'],
      'limit=7 memory=6442450944',
    ],
    [[...least, '--', '--user', '5'], 'user=0'],
  ])('reads %j', (words, text) => {
    const { status, stdout } = run(folder, 'options_test', ...words);
    expect([status, stdout]).toEqual([0, expect.stringContaining(text)]);
  });

  it.each([
    [['--root-fd', '0', '--attach', '/a'], 'needs --root-fd, --attach and a command'],
    [[...least, '--'], 'needs --root-fd, --attach and a command'],
    [['--attach', '/a', '--', 'x'], 'needs --root-fd'],
    [[...least, '--file', 'a'], 'needs two values'],
    [[...least, '--bind-ro', 'a', 'b', '--', 'x'], 'unknown option'],
    [[...least, '--user'], 'a value is missing'],
    [[...least, '--user', '4294967295', '--', 'x'], 'not a number in range'],
    [[...least, '--user', '-1', '--', 'x'], 'not a number in range'],
    [[...least, '--memory', '4503599627370497', '--', 'x'], 'not a number in range'],
    [[...least, '--user', '1x', '--', 'x'], 'not a number in range'],
    [[...least, '--groups', '1,,x', '--', 'x'], 'not a number in range'],
    [[...least, '--groups', Array(257).fill('1').join(), '--', 'x'], 'too many groups'],
    [[...least, ...Array(17).fill(['--file', 'a', 'b']).flat(), '--', 'x'], 'too many files'],
    [[...least, ...Array(129).fill(['--bind', 'a', 'b']).flat(), '--', 'x'], 'too many binds'],
    [['--root-fd', '99', '--attach', '/a', '--', 'x'], 'not an open descriptor'],
  ])('refuses %j', (words, meaning) => {
    const { status, stdout, stderr } = run(folder, 'options_test', ...words);
    expect([status, stdout]).toEqual([125, '']);
    expect(JSON.parse(stderr).error.meaning).toContain(meaning);
  });
});

describe.skipIf(!sanitizers.ok)(`watched by sanitizers${sanitizers.why}`, () => {
  const folder = made('sanitized');

  tried(folder);

  it('enters, makes steps and views without a wrong access', async () => {
    const place = workplace();
    const env = { MPKIT_SANDBOX: join(folder, 'sandbox') };
    try {
      const built = await place.build(
        { dockerfile: 'FROM base\nRUN id -u; echo made > /made\nUSER 7\nRUN cat /made; id -u' },
        { env },
      );
      expect(built.exitCode, built.stderr).toBe(0);
      place.write({ input: 'of a file\n' });
      const words = ['run', '--network', 'none', `oci-layout://${built.out}`, '--', 'sh', '-c'];
      const mpkit = [join(clone, 'bin/mpkit'), ...words, 'cat; cat /made; exit 3'];
      const shell = ['sh', '-c', '"$@" < input > output', 'sh', ...mpkit];
      const ran = await place.run(shell, { env });
      expect(ran.exitCode, ran.stderr).toBe(3);
      expect(readFileSync(join(place.folder, 'output'), 'utf8')).toBe('of a file\nmade\n');
      const view = await place.run([
        env.MPKIT_SANDBOX,
        'view',
        '--binfmt',
        '--',
        '/bin/true',
        'true',
      ]);
      expect([view.exitCode, view.stderr]).toEqual([0, '']);
    } finally {
      place.remove();
    }
  });
});

function tried(folder: string): void {
  it.each(['filter_test', 'idmap_test'])('%s holds', (program) => {
    const { status, stderr } = run(folder, program);
    expect([status, stderr]).toEqual([0, '']);
  });
}

/** A folder into which `make TARGET` is done before the tests. */
function made(target: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mpkit-native-'));
  chmodSync(folder, 0o755);
  beforeAll(() => {
    const { MAKEFLAGS, MFLAGS, MAKELEVEL, ...env } = process.env;
    const words = ['-s', '-C', native, `OUT=${folder}`, target];
    const { status, stderr } = spawnSync('make', words, { encoding: 'utf8', env });
    expect(status, stderr).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function run(folder: string, program: string, ...words: string[]) {
  return spawnSync(join(folder, program), words, { encoding: 'utf8' });
}

/** The names of each number, by the headers of the system, read in another way than native/ does. */
function numbers(header: string): Map<number, string[]> {
  const words = ['-E', '-dM', '-include', header, '-xc', '/dev/null'];
  const text = execFileSync('cc', words, { encoding: 'utf8' });
  const found = new Map<number, string[]>();
  for (const [, name = '', number] of text.matchAll(/^#define __NR_(\w+) (\d+)$/gm))
    found.set(Number(number), [...(found.get(Number(number)) ?? []), name]);
  return found;
}

/** With arguments of 0 the calls with conditions are allowed. */
function expected(names: string[], number: number, allowed: Set<string>): string {
  const conditional = ['clone', 'ioctl', 'personality', 'socket', 'socketcall'];
  // in no header of an older system
  const unsupported = [425, 426, 427, 435].includes(number);
  if (unsupported) return 'ENOSYS';
  if (names.some((name) => allowed.has(name) || conditional.includes(name))) return 'allow';
  return number > 470 ? 'ENOSYS' : 'EPERM';
}

function canSanitize() {
  if (!compiler.ok) return compiler;
  const folder = mkdtempSync(join(tmpdir(), 'mpkit-sanitize-'));
  try {
    writeFileSync(join(folder, 'a.c'), 'int main(void) { return 0; }\n');
    const words = ['-fsanitize=address,undefined', '-o', join(folder, 'a'), join(folder, 'a.c')];
    const compiled = spawnSync('cc', words).status === 0;
    const ok = compiled && spawnSync(join(folder, 'a')).status === 0;
    return { ok, why: ok ? '' : ' (skipped: this compiler has no sanitizers)' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
