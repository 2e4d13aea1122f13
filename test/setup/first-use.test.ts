import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clone } from '../helpers/mpkit.ts';
import { isOnPath } from '../helpers/requires.ts';
import { timesAsLong } from '../helpers/speed.ts';
import { type Copy, freshCopy, onlyPrograms, pretendNode } from './copy.ts';

const copies: Copy[] = [];
function copyWith(dependencies: 'linked' | 'missing'): Copy {
  const copy = freshCopy(dependencies);
  copies.push(copy);
  return copy;
}
afterAll(() => copies.forEach((copy) => void copy.remove()));

const count = (text: string, part: string) => text.split(part).length - 1;
const rubbish = (copy: Copy) =>
  readdirSync(join(copy.folder, 'build')).filter((name) => /^(tmp|lock)/.test(name));

describe('a prepared clone', () => {
  let copy: Copy;
  beforeAll(async () => {
    copy = copyWith('linked');
    const { exitCode, stderr } = await copy.start();
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: 'mpkit: bundling\nmpkit: compiling the sandbox\n',
    });
  });

  it('starts at once and in silence', async () => {
    const start = async () => {
      const { exitCode, stdout, stderr } = await copy.start();
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).not.toBe('');
    };
    // bundling takes ten starts of node, compiling more
    expect(await timesAsLong(start, () => copy.run(['node', '-e', '0']), 6)).toBeLessThan(6);
    expect(rubbish(copy)).toEqual([]);
  });

  it('asks no file twice, and reads next to none, to know that nothing is stale', async () => {
    const script = `
      const fs = require('node:fs');
      const calls = { looked: 0, read: 0 };
      const count = (kind, names) => {
        for (const name of names) {
          const real = fs[name];
          fs[name] = (...words) => (calls[kind]++, real(...words));
        }
      };
      count('looked', ['statSync', 'lstatSync', 'readdirSync', 'existsSync', 'accessSync']);
      count('read', ['readFileSync', 'openSync', 'opendirSync']);
      const { staleParts, whereNative } = require('./setup/freshness.cjs');
      const stale = staleParts(whereNative()).length;
      console.log(JSON.stringify({ stale, ...calls }));`;
    const { stdout } = await copy.run(['node', '-e', script]);
    const { stale, looked, read } = JSON.parse(stdout);
    const files = ['src', 'native', 'setup'].flatMap((folder) =>
      readdirSync(join(copy.folder, folder), { recursive: true, encoding: 'utf8' }),
    );
    expect(stale).toBe(0);
    expect(looked).toBeGreaterThan(50);
    expect(looked).toBeLessThan(1.5 * files.length + 50);
    expect(read).toBeLessThan(10);
  });

  it('works through symbolic links and from any folder', async () => {
    const { exitCode } = await copy.run([
      'sh',
      '-c',
      `ln -sf ${copy.folder}/bin/mpkit ${copy.home}/one && ln -sf one ${copy.home}/two && cd / && ${copy.home}/two --version`,
    ]);
    expect(exitCode).toBe(0);
  });

  it('makes anew only what was touched', async () => {
    appendFileSync(join(copy.folder, 'src/cli/main.ts'), "\nconsole.error('touched');\n");
    expect((await copy.start()).stderr).toMatch(/^mpkit: bundling\n(.*\n)*touched\n/);
    appendFileSync(join(copy.folder, 'native/Makefile'), '\n');
    expect((await copy.start()).stderr).toMatch(/^mpkit: compiling the sandbox\n/);
    await copy.run(['rm', '-r', 'dist']);
    expect((await copy.start()).stderr).toMatch(/^mpkit: bundling\n/);
  });

  it('survives a broken stamp', async () => {
    writeFileSync(join(copy.folder, 'build/stamp.json'), '{"bundle": [');
    expect((await copy.start()).exitCode).toBe(0);
  });

  it('says where the sources do not bundle', async () => {
    const main = join(copy.folder, 'src/cli/main.ts');
    appendFileSync(main, '\nconst = ;\n');
    const { exitCode, stderr } = await copy.start();
    expect(exitCode).toBe(3);
    expect(stderr).toContain('src/cli/main.ts:');
    expect(stderr).toMatch(/^mpkit: `src` does not bundle$/m);
  });
});

describe('first uses at the same time', () => {
  it('do the work once', async () => {
    const copy = copyWith('linked');
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => copy.start()));
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    const said = outcomes.map(({ stderr }) => stderr).join('');
    expect([count(said, 'bundling'), count(said, 'compiling')]).toEqual([1, 1]);
    expect(rubbish(copy)).toEqual([]);
  });

  it('do not wait for a dead process', async () => {
    const copy = copyWith('linked');
    mkdirSync(join(copy.folder, 'build/lock'), { recursive: true });
    // ours is alive, but did not start at that time: the id was used again
    for (const owner of ['4194305.1', `${process.pid}.1`])
      writeFileSync(join(copy.folder, 'build/lock', owner), '');
    const { exitCode, stderr } = await copy.start();
    expect({ exitCode, waiting: count(stderr, 'waiting') }).toEqual({ exitCode: 0, waiting: 0 });
    expect(rubbish(copy)).toEqual([]);
  });

  it.each([60, 150, 300, 600, 1000])('go on after one was killed at %i ms', async (delay) => {
    const copy = copyWith('linked');
    let pid = 0;
    const killed = copy.start({ started: (each) => (pid = each) });
    const kill = () => existsSync(`/proc/${pid}`) && process.kill(pid, 'SIGKILL');
    const timer = setTimeout(kill, delay);
    await killed.finally(() => clearTimeout(timer));
    expect((await copy.start()).exitCode).toBe(0);
    const { exitCode, stderr } = await copy.start();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });
});

describe('a machine that lacks something', () => {
  const oneLine = (pattern: RegExp) => new RegExp(`^mpkit: ${pattern.source}\\n$`);
  const basics = ['sh', 'dirname', 'readlink', 'sed', 'mkdir', 'mv'];

  it.each([
    ['a compiler', 'cc', [...basics, 'node', 'make']],
    ['make', 'make', [...basics, 'node', 'cc']],
  ])('without %s', async (_, missing, programs) => {
    const copy = copyWith('linked');
    await copy.run(['node', 'setup/prepare.cjs', '--bundle']);
    const PATH = onlyPrograms(copy.home, programs);
    const { exitCode, stderr } = await copy.start({ env: { PATH } });
    expect(exitCode).toBe(3);
    expect(stderr).toBe(
      `mpkit: \`${missing}\` is not installed; install gcc, make and the static C library with your package manager\n`,
    );
    expect(rubbish(copy)).toEqual([]);
  });

  it('without node', async () => {
    const copy = copyWith('linked');
    const { exitCode, stderr } = await copy.start({
      env: { PATH: onlyPrograms(copy.home, basics) },
    });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(oneLine(/`node` is not installed; install Node\.js 20\.19 or newer .*/));
  });

  it('without npm', async () => {
    const copy = copyWith('missing');
    const PATH = onlyPrograms(copy.home, [...basics, 'node', 'make', 'cc']);
    const { exitCode, stderr } = await copy.start({ env: { PATH } });
    expect(exitCode).toBe(3);
    expect(stderr.split('\n').at(-2)).toMatch(/^mpkit: `npm` is not installed; .*/);
  });

  it.each(['12.22.12', '18.19.0', '20.18.9'])('with Node %s', async (version) => {
    const copy = copyWith('linked');
    const { exitCode, stderr } = await copy.start({ env: pretendNode(copy.home, version) });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(oneLine(/Node\.js [0-9.]+ is too old; install 20\.19 or newer .*/));
  });

  it.each(['20.19.0', '22.0.0'])('but not with Node %s', async (version) => {
    const copy = copyWith('linked');
    expect((await copy.start({ env: pretendNode(copy.home, version) })).stderr).not.toContain(
      'old',
    );
  });

  it.each(['launch.cjs', 'node-version.cjs'])('%s parses on Node 12', (file) => {
    const source = readFileSync(join(clone, 'setup', file), 'utf8');
    const forNode = (target: string) =>
      transformSync(source, { target, supported: { 'dynamic-import': true } }).code;
    expect(forNode('node12')).toBe(forNode('esnext'));
  });

  it.skipIf(!isOnPath('unshare'))('without a network (needs `unshare`)', async () => {
    const copy = copyWith('missing');
    const apart = process.getuid?.() === 0 ? ['unshare', '-n'] : ['unshare', '-rn'];
    const { exitCode, stderr } = await copy.run([...apart, join(copy.folder, 'bin/mpkit')]);
    expect(exitCode).toBe(3);
    const [phase, error, ...rest] = stderr.split('\n');
    expect(phase).toBe('mpkit: fetching dependencies (npm ci), once');
    expect(error).toMatch(/^mpkit: the package registry cannot be reached \(E\w+\); .* network /);
    expect(rest).toEqual(['']);
    expect(existsSync(join(copy.folder, 'node_modules'))).toBe(false);
    expect(rubbish(copy)).toEqual([]);
  });
});
