/** Row S20 and the terminal: what a command gets in place of the caller's streams. */

import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clone, type RunOptions } from '../../helpers/mpkit.ts';
import { requires } from '../../helpers/requires.ts';
import { asEach } from '../escapes/arena.ts';

const python = requires('python3');
// root's own one may not be everybody's
const interpreter = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const fixtures = join(import.meta.dirname, '../../fixtures/terminal');

asEach(['root', 'user with a range', 'user without a range'], (arena) => {
  const words = () => [
    ...[join(clone, 'bin/mpkit'), 'run', '--network', 'none'],
    `oci-layout://${arena().base}`,
  ];
  /** A shell line of the caller's in which `guest TEXT` runs TEXT in the sandbox. */
  const caller = (line: string, options?: RunOptions) => {
    const guest = `guest() { "$@" -- sh -c "$TEXT"; }; ${line}`;
    return arena().run(['sh', '-c', guest.replace('"$@"', quoted(words()))], options);
  };

  it('S20 opens no file behind its streams anew, for writing or for what was there before', async () => {
    arena().write({ input: 'what is read\n', output: 'what was there\n', errors: 'before\n' });
    const TEXT =
      'cat; for fd in 0 1 2; do echo HARM > /proc/self/fd/$fd; done; timeout 1 head -c 9 /proc/self/fd/2 < /dev/null | grep before; exit 5';
    const { exitCode } = await caller('guest < input >> output 2>> errors', { env: { TEXT } });
    expect(exitCode).toBe(5);
    expect(text('input')).toBe('what is read\n');
    expect(text('output')).toBe('what was there\nwhat is read\nHARM\n');
    expect(text('errors')).toMatch(/^before\n/);
  });

  it('writes all into a file, both streams in their order, before it ends', async () => {
    arena().write({ many: '' });
    const TEXT =
      'i=0; while [ $i -lt 300 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; head -c 3000000 /dev/zero';
    const { exitCode } = await caller('guest < /dev/null > many 2>&1', { env: { TEXT } });
    const lines = Array.from({ length: 300 }, (_, at) => `out ${at}\nerr ${at}\n`).join('');
    // without what mpkit itself says
    const all = text('many').replace(/^(mpkit|hint): .*\n/gm, '');
    expect([exitCode, all.length]).toEqual([0, lines.length + 3_000_000]);
    expect(all.slice(0, lines.length)).toBe(lines);
  });

  it('leaves what it did not read to the next one', async () => {
    arena().write({ list: 'first\nsecond\nthird\n' });
    const TEXT = 'true';
    const { stdout } = await caller('{ read a; guest; cat; } < list', { env: { TEXT } });
    expect(stdout).toBe('second\nthird\n');
  });

  it('tells the end of its input', async () => {
    arena().write({ input: 'x'.repeat(200_000) });
    const TEXT = 'wc -c; cat; id -u > /dev/stdout; test -t 0 || test -t 1 || echo no terminal';
    const { stdout } = await caller('guest < input > counted; cat counted', { env: { TEXT } });
    expect(stdout).toBe('200000\n0\nno terminal\n');
  });

  const text = (name: string) => readFileSync(join(arena().folder, name), 'latin1');
});

describe.skipIf(!python.ok)(`a terminal${python.why}`, () => {
  asEach(['root', 'user with a range'], (arena) => {
    const program = (name: string, ...args: (string | number)[]) =>
      arena().run([interpreter, join(fixtures, name), ...args.map(String)]);
    const guest = (script: string, ...flags: string[]) => [
      ...[join(clone, 'bin/mpkit'), 'run', '--network', 'none', ...flags],
      ...[`oci-layout://${arena().base}`, '--', 'sh', '-c', script],
    ];

    it('takes a paste of a megabyte, and forty more, while the command writes', async () => {
      const echo = guest('stty -echo; echo ready; cat');
      const { stdout, stderr } = await program('paste.py', 1_000_000, 41, ...echo);
      expect(stdout, stderr).toBe('41\n');
    });

    it('that nobody reads holds up neither signals nor the time limit', async () => {
      const flood = 'echo ready; exec yes';
      const timed = await program('unread.py', 0, ...guest(flood, '--timeout', '2'));
      expect(timed.stdout, timed.stderr).toBe('124\n');
      const { SIGTERM } = constants.signals;
      const told = await program('unread.py', SIGTERM, ...guest(flood));
      expect(told.stdout, told.stderr).toBe('143\n');
    });
  });
});

function quoted(words: string[]): string {
  return words.map((word) => `'${word}'`).join(' ');
}
