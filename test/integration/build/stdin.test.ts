/** Dockerfile and context from stdin, as docker buildx takes them. */
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { canary } from '../../helpers/canary.ts';
import { clone, type Project, project } from '../../helpers/mpkit.ts';
import { testUser } from '../../helpers/users.ts';
import { errorText, readImage } from './workplace.ts';

const ranged = testUser('range');
const place = project();
const places: Project[] = [place];
const trap = canary();
afterAll(() => {
  for (const each of places) each.remove();
  trap.remove();
});

const copyAll = 'FROM scratch\nCOPY . /x/\n';

async function build(from: Project, words: string[], input: string | Buffer) {
  const out = join(from.folder, 'out');
  const outcome = await from.mpkit(['build', '-o', `type=oci,dest=${out},tar=false`, ...words], {
    input,
  });
  return { ...outcome, out };
}

function packed(from: Project, folder: string, ...more: string[]): Buffer {
  return execFileSync('tar', ['-c', '-C', join(from.folder, folder), ...more, '.']);
}

async function fromStdin(from: Project) {
  from.write({
    'ctx/Dockerfile': 'FROM scratch\nCOPY a /wrong\n',
    'ctx/.dockerignore': 'b\n',
    'ctx/a': 'a',
    'ctx/b': 'b',
    'tree/Dockerfile': copyAll,
    'tree/sub/Other': 'FROM scratch\nCOPY sub /y/\n',
    'tree/.dockerignore': 'a\n',
    'tree/a': 'a',
  });
  const plain = await build(from, ['-f', '-', 'ctx'], copyAll);
  expect(plain.exitCode, plain.stderr).toBe(0);
  const names = (layout: string) => [...(readImage(layout).layers.at(-1)?.keys() ?? [])];
  expect(names(plain.out)).toContain('x/a');
  expect(names(plain.out)).not.toContain('x/b');
  const tar = packed(from, 'tree');
  const archive = await build(from, ['-'], tar);
  expect(archive.exitCode, archive.stderr).toBe(0);
  expect(names(archive.out)).toEqual(expect.arrayContaining(['x/a', 'x/.dockerignore']));
  expect((await build(from, ['-'], gzipSync(tar))).stdout).toBe(archive.stdout);
  const named = await build(from, ['-f', '../../sub/Other', '-'], tar);
  expect(names(named.out)).toContain('y/Other');
  const alone = await build(from, ['-'], 'FROM scratch\nLABEL a=b\n');
  expect(readImage(alone.out).config.config.Labels).toEqual({ a: 'b' });
  expect(readdirSync(join(from.root, 'tmp'))).toEqual([]);
}

describe('stdin', () => {
  it('is Dockerfile, archive, or Dockerfile alone', () => fromStdin(place));
  it.skipIf(!ranged.ok)(`is so for an ordinary user${ranged.why}`, () => {
    const own = project({}, ranged);
    places.push(own);
    return fromStdin(own);
  });

  it.each([
    ['both', ['-f', '-', '-'], '', 2, "can't use stdin for both build context and dockerfile"],
    ['nothing', ['-'], '', 1, 'stdin is empty'],
    ['a named Dockerfile of no archive', ['-f', 'x', '-'], copyAll, 2, 'ambiguous Dockerfile'],
    ['xz', ['-'], Buffer.from('\xfd7zXZ\0', 'latin1'), 1, 'archives packed by xz'],
    ['a fault in line 2', ['-'], 'FROM scratch\nCOPYY a b\n', 1, '-:2\n'],
    ['a Dockerfile without end', ['-'], 'x'.repeat(5 << 20), 1, 'more than 4 MiB'],
  ])('refuses %s', async (_, words, input, status, text) => {
    const { exitCode, stderr } = await build(place, words, input);
    expect(exitCode, stderr).toBe(status);
    expect(errorText(stderr)).toContain(text);
  });

  it('is named where a Dockerfile would come from another pipe', async () => {
    place.write({ 'piped/x': '' });
    execFileSync('mkfifo', [join(place.folder, 'pipe')]);
    for (const file of ['pipe', '/dev/stdin']) {
      const { exitCode, stderr } = await build(place, ['-f', file, 'piped'], copyAll);
      expect([exitCode, errorText(stderr)]).toEqual([
        2,
        expect.stringMatching(`^mpkit: \`${file}\` is no file: .*\nhint: \`-f -\``),
      ]);
    }
  });

  it('keeps what an archive holds in its folder, and takes a broken one for nothing else', async () => {
    place.write({ 'evil/Dockerfile': copyAll, 'evil/f': 'written' });
    const up = packed(
      place,
      'evil',
      '-P',
      '--transform',
      `s,^./f$,../../../../..${trap.folder}/f,`,
    );
    const refused = await build(place, ['-'], up);
    expect(errorText(refused.stderr)).toContain('leads upwards');
    execFileSync('ln', ['-s', '/', join(place.folder, 'evil/d')]);
    const through = packed(place, 'evil', '--transform', `s,^./f$,d${trap.folder}/f,`);
    const whole = await build(place, ['-'], through);
    expect(whole.stderr + whole.stdout).not.toContain(trap.secret);
    const half = await build(place, ['-'], Buffer.concat([through.subarray(0, 1300)]));
    expect(half.exitCode).toBe(1);
    expect(errorText(half.stderr)).toContain('the archive on stdin cannot be unpacked');
    const early = await build(place, ['-'], gzipSync(through).subarray(0, -20));
    expect(errorText(early.stderr)).toBe(
      'mpkit: the archive on stdin cannot be unpacked: it ends too early\n',
    );
    expect(trap.changes()).toEqual([]);
    expect(readdirSync(join(place.root, 'tmp'))).toEqual([]);
  });

  it.each([
    ['--timeout', ['--timeout', '2'], undefined, 1, 'did not end within 2 s'],
    ['SIGINT', [], 'SIGINT' as const, 130, 'stopped'],
  ])('waits no longer than %s allows', async (_, words, signal, status, text) => {
    const child = spawn(join(clone, 'bin/mpkit'), ['build', ...words, '-'], {
      env: { ...process.env, MPKIT_ROOT: place.root },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (bytes) => {
      stderr += bytes;
      // it says so right before it reads
      if (signal && stderr.includes('no output given')) child.kill(signal);
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code, stderr).toBe(status);
    expect(stderr).toContain(text);
    expect(readdirSync(join(place.root, 'tmp'))).toEqual([]);
  });
});
