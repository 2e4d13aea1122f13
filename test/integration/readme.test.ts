/** What the README tells a newcomer to type works, and says what it promises. */
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { emulatorState } from '../helpers/fixtures.ts';
import { clone, project } from '../helpers/mpkit.ts';

const readme = readFileSync(join(clone, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/<!-- tested -->\n```sh\n([\s\S]*?)```/g)].map(
  ([, text]) => text!,
);

const place = project();
emulatorState(place);
symlinkSync(join(clone, 'bin'), join(place.folder, 'bin'));
afterAll(() => {
  rmSync(join(place.folder, 'bin'));
  place.remove();
});
const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const env = { XDG_CACHE_HOME: cache };

describe('the README', () => {
  it('starts with an example that runs on seven CPUs', async () => {
    const result = await place.run([join(clone, 'examples/hello/start')], { env });
    expect(result.exitCode, result.stderr).toBe(0);
    const rows = result.stdout.split('\n').slice(-9, -1);
    const column = rows.slice(1).map((row) => row.split(/\s+/)[1]);
    expect(rows[0]).toMatch(/^platform +uname -m +ran +seconds +digest$/);
    expect(column.map((name) => name?.replace('armv8l', 'armv7l'))).toEqual(
      'x86_64 i686 aarch64 armv7l riscv64 ppc64le s390x'.split(' '),
    );
    expect(new Set(rows.slice(1).map((row) => row.split(/\s+/).at(-1))).size).toBe(7);
  });

  it('has a tour that can be typed', async () => {
    expect(blocks).toHaveLength(4);
    const result = await place.run(['sh', '-eu', '-c', blocks.join('\n')], { env });
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stdout).toContain('made for riscv64 on ');
    expect(result.stdout).toMatch(/^aarch64$/m);
    expect(result.stdout).toContain('Hello from a program for s390x.');
  });

  it('names only verbs and flags that exist', async () => {
    const { stdout } = await place.run(['bin/mpkit', '--help']);
    const verbs = [...stdout.matchAll(/^ {2}mpkit (\w+)/gm)].map(([, verb]) => verb);
    for (const [, verb] of readme.matchAll(
      /mpkit (build|run|emulator|prune|binfmt|doctor|bench)\b/g,
    ))
      expect(verbs).toContain(verb);
  });
});
