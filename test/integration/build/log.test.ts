/** The lines that a step prints arrive in the order in which it printed them, however it prints. */
import { afterAll, describe, expect, it } from 'vitest';
import { testUser } from '../../helpers/users.ts';
import { stepOutput, type Workplace, workplace } from './workplace.ts';

const place = workplace();
const ranged = testUser('range');
const theirs = ranged.ok ? workplace(ranged) : undefined;
afterAll(() => {
  place.remove();
  theirs?.remove();
});

describe('the output of a step', () => {
  it('keeps the order of stdout and stderr', async () => {
    const loop = 'i=0; while [ $i -lt 300 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done';
    const built = await place.build({ dockerfile: `FROM base\nRUN ${loop}\n` });
    expect(built.exitCode, built.stderr).toBe(0);
    const lines = stepOutput(built.stderr).filter((line) => /^(out|err) \d+$/.test(line));
    const expected = Array.from({ length: 300 }, (_, n) => [`out ${n}`, `err ${n}`]).flat();
    expect(lines).toEqual(expected);
  });

  it('is opened by its names, by root and by another user', () => opened(place));
  it.skipIf(!theirs)(`is opened by its names, built by an ordinary user${ranged.why}`, () =>
    opened(theirs as Workplace),
  );

  it('arrives whole: much at once, long lines, and what is printed last', async () => {
    const dockerfile = `FROM base
RUN seq 1 10000 | sed 's/$/ and so on, to fill the line/'; printf %s last
RUN head -c 300000 /dev/zero | tr '\\0' x; echo; (sleep 0.05; echo from behind) & echo first; wait
`;
    const built = await place.build({ dockerfile });
    expect(built.exitCode, built.stderr).toBe(0);
    const lines = stepOutput(built.stderr);
    expect(lines.length).toBe(10_000 + 4);
    expect(lines[9_999]).toBe('10000 and so on, to fill the line');
    expect(lines[10_000]).toBe('last');
    expect(lines.slice(-2)).toEqual(['first', 'from behind']);
  });
});

async function opened(at: Workplace): Promise<void> {
  const say = (user: string) =>
    ['/dev/stdout', '/dev/stderr', '/dev/fd/2', '/proc/self/fd/1']
      .map((name) => `echo ${user} ${name} > ${name}`)
      .join(' && ');
  const dockerfile = `FROM base
RUN ${say('root')} && echo a | tee /dev/stderr
USER 1000:1000
RUN ${say('other')}
RUN ["/bin/sh", "-c", "test -p /dev/stdout; echo pipe $?"]
`;
  const built = await at.build({ dockerfile, args: ['--platform', 'linux/arm64'] });
  expect(built.exitCode, built.stderr).toBe(0);
  const names = ['/dev/stdout', '/dev/stderr', '/dev/fd/2', '/proc/self/fd/1'];
  const said = (user: string) => names.map((name) => `${user} ${name}`);
  expect(stepOutput(built.stderr)).toEqual([...said('root'), 'a', 'a', ...said('other'), 'pipe 0']);
}
