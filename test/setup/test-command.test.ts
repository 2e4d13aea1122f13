import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftovers } from '../helpers/host-state.ts';
import { slowly } from '../helpers/speed.ts';
import { type Copy, freshCopy } from './copy.ts';

const pass = "it('passes', () => {});";
const fail = "it('fails', () => expect(1).toBe(2));";
const skip = "it.skip('is left out (skipped: no such program)', () => {});";
const note = "it('leaves itself out', (context) => context.skip('too cold'));";

describe('npm test', () => {
  let copy: Copy;
  beforeAll(() => {
    copy = freshCopy('linked');
  });
  afterAll(() => copy.remove());

  async function lastLines(name: string, tests: string[], options: string[] = []) {
    const folder = join(copy.folder, 'test', name);
    mkdirSync(folder, { recursive: true });
    const text = ["import { expect, it } from 'vitest';", ...tests].join('\n');
    if (tests.length > 0) writeFileSync(join(folder, 'some.test.ts'), text);
    const command = ['npm', 'test', '--', `test/${name}/`, ...options];
    const { exitCode, stdout } = await copy.run(command);
    return { exitCode, lines: stdout.trimEnd().split('\n') };
  }

  it('ends with the counts', async () => {
    const { exitCode, lines } = await lastLines('good', [pass]);
    expect([exitCode, lines.at(-1)]).toEqual([0, '1 passed, 0 failed']);
  });

  it('fails with a failed test', async () => {
    const { exitCode, lines } = await lastLines('bad', [pass, fail]);
    expect([exitCode, lines.at(-1)]).toEqual([1, '1 passed, 1 failed']);
  });

  it('lists every skip with its reason', async () => {
    const { exitCode, lines } = await lastLines('skips', [pass, skip, note]);
    expect([exitCode, ...lines.slice(-3)]).toEqual([
      0,
      'skipped: test/skips/some.test.ts > is left out (skipped: no such program)',
      'skipped: test/skips/some.test.ts > leaves itself out (too cold)',
      '1 passed, 0 failed, 2 skipped',
    ]);
  });

  it.each([
    ['nothing matches', 'empty', []],
    ['everything is skipped', 'only-skips', [skip]],
  ])('fails when %s', async (_, name, tests) => {
    const { exitCode, lines } = await lastLines(name, tests);
    expect([exitCode, lines.at(-1)]).toEqual([
      1,
      `0 passed, 0 failed${tests.length > 0 ? ', 1 skipped' : ''}`,
    ]);
  });

  it('counts a file that cannot be loaded', async () => {
    const { exitCode, lines } = await lastLines('broken', ["import './nothing.ts';", pass]);
    expect([exitCode, lines.at(-1)]).toEqual([1, '0 passed, 1 failed']);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('counts what ran before %s, and leaves nothing', async (signal, status) => {
    const folder = join(copy.folder, 'test', signal);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const asleep = `it('never ends', () => { writeFileSync('${folder}/endless', ''); return new Promise(() => setInterval(() => {}, 1000)); });`;
    const child = `new Promise((end) => execFile('sh', ['-c', 'touch ${folder}/asleep; exec sleep 1000'], end))`;
    // a worker may keep a result for itself that comes within a tenth of a second of another
    const moment = "it('takes a moment', () => new Promise((end) => setTimeout(end, 300)));";
    const text = (last: string) =>
      `import { execFile } from 'node:child_process';\nimport { writeFileSync } from 'node:fs';\nimport { expect, it } from 'vitest';\n${pass}\n${moment}\n${last}`;
    writeFileSync(join(folder, 'a.test.ts'), text(asleep));
    writeFileSync(join(folder, 'b.test.ts'), text(`it('waits for a child', () => ${child});`));
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    let pid = 0;
    const words = ['--maxWorkers=2', '--reporter=default'];
    const ending = copy.run(['sh', 'setup/test', `test/${signal}/`, ...words], {
      env: { TMPDIR: temporary },
      started: (each) => (pid = each),
    });
    await expect
      .poll(() => ['asleep', 'endless'].every((name) => existsSync(join(folder, name))), {
        timeout: slowly(60_000),
      })
      .toBe(true);
    // the results of the tests before them are on their way still
    await sleep(slowly(2000));
    process.kill(pid, signal);
    const { exitCode, stdout } = await ending;
    expect([exitCode, stdout.trimEnd().split('\n').at(-1)]).toEqual([status, '4 passed, 0 failed']);
    expect(readdirSync(temporary)).toEqual([]);
    expect(leftovers(folder)).toEqual([]);
  });

  it('does not count what `-t` leaves out', async () => {
    const { exitCode, lines } = await lastLines('chosen', [pass, fail, skip], ['-t', 'passes']);
    expect([exitCode, lines.at(-1)]).toEqual([0, '1 passed, 0 failed']);
  });
});
