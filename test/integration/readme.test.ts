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
    const helps = new Map<string, string>();
    const helpOf = async (...words: string[]) => {
      const name = words.join(' ');
      const known = helps.get(name) ?? (await place.run(['bin/mpkit', ...words])).stdout;
      helps.set(name, known);
      return known;
    };
    const unknownOf = async (text: string) => {
      const unknown: string[] = [];
      const verbs = [...(await helpOf('--help')).matchAll(/^ {2}mpkit (\w+)/gm)].map(
        ([, verb]) => verb,
      );
      for (const { verb, more, flags } of commandsIn(text)) {
        if (!verbs.includes(verb)) unknown.push(verb);
        else if (flags.length > 0) {
          const help = (await helpOf(verb, '--help')) + (await helpOf(verb, ...more, '--help'));
          const missing = flags.filter((flag) => flag !== '--help' && !help.includes(flag));
          unknown.push(...missing.map((flag) => `${verb} ${flag}`));
        }
      }
      return unknown;
    };
    expect(await unknownOf('`mpkit fly`, `mpkit run --high -- x --y`')).toEqual([
      'fly',
      'run --high',
    ]);
    expect(new Set(commandsIn(readme).map(({ verb }) => verb)).size).toBeGreaterThan(6);
    expect(await unknownOf(readme)).toEqual([]);
  });
});

/** `mpkit VERB … --flag …` in code, up to the next command or what belongs to another program. */
function commandsIn(text: string): { verb: string; more: string[]; flags: string[] }[] {
  const code = [...text.matchAll(/^```\w*\n([\s\S]*?)^```|^ {4}(.*)$|`([^`\n]+)`/gm)].map(
    ([, block, line, span]) => block ?? line ?? span ?? '',
  );
  return code
    .flatMap((each) => each.replaceAll('\\\n', ' ').split(/\n|&&|\|/))
    .flatMap((line) => {
      const [, verb, rest = ''] = /(?:^|[\s/])mpkit ([a-z][a-z-]*)(.*)/.exec(line) ?? [];
      const own = rest.split(/ -- | #/)[0]!;
      if (!verb) return [];
      const more = own.match(/^ ([a-z]+)(?= |$)/)?.slice(1) ?? [];
      return [{ verb, more, flags: own.match(/--[a-z][a-z-]*/g) ?? [] }];
    });
}
