/** A file of the context is read once, however many platforms, steps and builds use it. */
import {
  appendFileSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requires } from '../../helpers/requires.ts';
import { type Workplace, workplace } from './workplace.ts';

const strace = requires('strace');
let place: Workplace;
const file = () => join(place.folder, 'ctx/large');
beforeAll(async () => {
  place = workplace();
  place.write({
    'ctx/Dockerfile':
      'FROM scratch AS one\nCOPY large /a\nFROM scratch\nCOPY . /b/\nCOPY --from=one /a /c\n',
    'ctx/large': 'x'.repeat(3_000_000),
  });
  // what was changed a moment ago is not believed
  await sleep(50);
});
afterAll(() => place.remove());

async function build(...flags: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await place.mpkit(['build', ...flags, 'ctx']);
  expect(exitCode, stderr).toBe(0);
  return stdout.trim();
}

it.skipIf(!strace.ok)(`whatever platforms there are${strace.why}`, async () => {
  const opened = async (...flags: string[]) => {
    const trace = join(place.folder, 'trace');
    const wrap = (words: string[]) => [
      'strace',
      '-f',
      '-qq',
      '-e',
      'trace=pread64,read',
      '-y',
      '-o',
      trace,
      ...words,
    ];
    const { exitCode, stderr } = await place.mpkit(['build', ...flags, 'ctx'], { wrap });
    expect(exitCode, stderr).toBe(0);
    const lines = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => line.includes('/ctx/large>'));
    return lines.reduce((sum, line) => sum + Math.max(0, Number(line.split('= ').at(-1)) || 0), 0);
  };
  const platforms = ['--platform', 'linux/amd64,linux/arm64,linux/riscv64,linux/s390x'];
  const { size } = statSync(file());
  // hashed once, and copied by each of the two steps, which are the same for all platforms
  expect(await opened(...platforms)).toBeLessThanOrEqual(3 * size);
  expect(await opened(...platforms)).toBe(0);
  expect(await opened('--platform', 'linux/ppc64le')).toBe(0);
});

const edits: [how: string, edit: (path: string) => void][] = [
  ['appended to', (path) => appendFileSync(path, 'y')],
  [
    'overwritten with the same size and time',
    (path) => {
      const { atime, mtime } = statSync(path);
      writeSync(openSync(path, 'r+'), 'z', 0);
      utimesSync(path, atime, mtime);
    },
  ],
  [
    'replaced by one of the same size and time',
    (path) => {
      const { atime, mtime, size } = statSync(path);
      writeFileSync(`${path}.new`, 'n'.repeat(size));
      utimesSync(`${path}.new`, atime, mtime);
      renameSync(`${path}.new`, path);
    },
  ],
];
it.each(edits)('but read again when it was %s', async (_, edit) => {
  await build();
  edit(file());
  const edited = await build();
  expect(edited).toBe(await build('--root', join(place.folder, `fresh-${edited.slice(-8)}`)));
});
