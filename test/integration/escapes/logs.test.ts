/** Rows P1, P4 and P5: what a step learns of its caller, and what its output does to the reader. */
import { expect, it } from 'vitest';
import { stepOutput } from '../build/workplace.ts';
import { asEach } from './arena.ts';
import { hostileBase } from './hostile-base.ts';

asEach(['root', 'user with a range'], (arena) => {
  it("P1 no process that a step sees has the caller's environment", async () => {
    const { secret } = arena().canary;
    const env = { MPKIT_TEST_TOKEN: secret };
    const { stderr } = await arena().build(
      {
        dockerfile: `FROM base
RUN env; for p in /proc/[0-9]*; do tr '\\0' '\\n' < $p/environ; tr '\\0' ' ' < $p/cmdline; done; \\
  echo; ls -d /proc/[0-9]* | wc -l
`,
      },
      { env },
    );
    const shown = stepOutput(stderr);
    expect(shown.length, stderr).toBeGreaterThan(3);
    expect(shown.filter((line) => line.includes(secret))).toEqual([]);
    expect(shown.filter((line) => line.includes('MPKIT_TEST_TOKEN='))).toEqual([]);
    expect(Number(shown.at(-1))).toBeLessThan(7);
    const image = `oci-layout://${arena().base}`;
    const command = 'cat /proc/*/environ; env';
    const run = await arena().mpkit(['run', image, '--', 'sh', '-c', command], { env });
    expect(run.stdout).toContain('PATH=');
    expect(run.stdout).not.toContain(secret);
  });

  it('P4 control sequences of output, names and errors do not reach the terminal', async () => {
    const hostile = '\u001b]52;c;Y2FuYXJ5\u0007\u001bc\u009b2Jname';
    const octal = String.raw`\033]52;c;Y2FuYXJ5\007\033[2J\033[H\302\2332J\033[31mred\033[0m\010\r\177`;
    const printed = await arena().build({
      dockerfile: `FROM base\nRUN printf '${octal}end\\n'\nRUN printf '${octal}end\\n'; false\n`,
    });
    const named = await arena().build({
      dockerfile: `FROM base\nCOPY ${hostile} /x\n`,
    });
    const file = await arena().build({
      dockerfile: 'FROM base\nCOPY . /x\nRUN ls /x; false\n',
      files: { [hostile]: '' },
    });
    const member = await arena().build({
      dockerfile: 'FROM base\nRUN true\n',
      args: hostileBase(arena(), [{ name: `${hostile}/.wh.` }]),
    });
    const flag = await arena().build({ dockerfile: `FROM base\nRUN --${hostile}=1 true\n` });
    for (const { exitCode, stderr } of [printed, named, file, member, flag]) {
      expect(exitCode, stderr).toBe(1);
      expect(stderr).toMatch(/name|end/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the subject
      expect(stderr).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    }
  });

  it('P5 no line of a step begins, or reads, like a command to the runner', async () => {
    const text = String.raw`::add-mask::x\n  ::set-output name=a::b\n##[add-mask]x\nabc ##[error]y\n\r::debug::z\n#\033[0m#[warning]w\n`;
    const { stderr } = await arena().build({
      dockerfile: `FROM base
LABEL a="\\
::add-mask::x"
RUN printf '${text}'; echo ::stop-commands::t >&2
RUN printf '${text}'; echo ::stop-commands::t >&2; false
`,
    });
    expect(stderr).toContain('::add-mask::x');
    expect(stderr).toContain('add-mask]x');
    expect(stderr.split(/[\r\n]/).filter((line) => /^\s*::/.test(line))).toEqual([]);
    expect(stderr).not.toContain('##[');
  });
});
