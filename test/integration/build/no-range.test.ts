/** A user without any subordinate ids: what works, what does not, and what mends it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { clone, type Project, project } from '../../helpers/mpkit.ts';
import { testUser } from '../../helpers/users.ts';
import { errorText, stepOutput, type Workplace, workplace } from './workplace.ts';

const plain = testUser('plain');
let first: Workplace | undefined;
const made: Pick<Project, 'remove'>[] = [];
const placeOnce = () => {
  if (first) return first;
  first = workplace(plain);
  made.push(first);
  return first;
};
afterAll(() => made.forEach((each) => void each.remove()));

const warnings = (stderr: string) =>
  stderr.split('\n').filter((line) => /^mpkit: note: /.test(line));

it.skipIf(!plain.ok)(`builds and runs foreign programs, with one warning${plain.why}`, async () => {
  const place = placeOnce();
  const built = await place.build({
    dockerfile: 'FROM base\nRUN uname -m; id -u\nCOPY f /srv/\nWORKDIR /work\nRUN echo made > made',
    files: { f: 'f' },
    args: ['--platform', 'linux/arm64,linux/s390x'],
  });
  expect(built.exitCode, built.stderr).toBe(0);
  expect(stepOutput(built.stderr).sort()).toEqual(['0', '0', 'aarch64', 's390x']);
  expect(warnings(built.stderr)).toEqual([
    expect.stringMatching(
      /^mpkit: note: only one user id is available: .*; to mend it, (install the package `uidmap`|add a range with `usermod --add-subuids .*`)$/,
    ),
  ]);
  const image = built.image('linux/arm64');
  expect([image.entry('srv/f'), image.text('work/made')]).toEqual(['-rw-r--r-- 0/0', 'made\n']);
  const again = await placeOnce().build({
    dockerfile: 'FROM base\nRUN uname -m; id -u',
    args: ['-q'],
  });
  expect(warnings(again.stderr)).toEqual([]);
  const run = await place.mpkit([
    ...['run', '--platform', 'linux/riscv64', '--network', 'host'],
    ...[`oci-layout://${place.base}`, '--', 'uname', '-m'],
  ]);
  expect([run.exitCode, run.stdout], run.stderr).toEqual([0, 'riscv64\n']);
});

it.skipIf(!plain.ok).each([
  ['RUN chown 5 /srv', /exited with 1$/],
  ['USER nobody\nRUN id -u', /cannot run as `nobody`: only one user id is available$/],
  ['COPY --chown=7 f /f', /7|owner|permitted/],
])(`refuses %s with a message, not a stack${plain.why}`, async (instructions, message) => {
  const result = await placeOnce().build({
    dockerfile: `FROM base\n${instructions}`,
    files: { f: '' },
  });
  expect(result.exitCode, result.stderr).toBe(1);
  const text = errorText(result.stderr.replace(/^mpkit: note: .*\n/m, ''));
  expect(text.split('\n')[0]).toMatch(message);
  expect(text).toMatch(/\n>>> \d \| /);
  expect(text).not.toMatch(/internal error|\n {4}at /);
});

it.skipIf(!plain.ok)(`is told by the example before it fetches anything${plain.why}`, async () => {
  const place = placeOnce();
  const cache = join(place.folder, 'cache');
  const started = await place.run(['sh', join(clone, 'examples/hello/start')], {
    // what it would fetch by then cannot be fetched
    env: { XDG_CACHE_HOME: cache, http_proxy: 'http://127.0.0.1:9', https_proxy: undefined },
  });
  expect(started.exitCode, started.stderr).toBe(3);
  expect(started.stderr).toMatch(
    /^start: .* needs a range of them\nhint: as root: (install the package `uidmap`|usermod --add-subuids (\d+-\d+) --add-subgids \2 .*), then start again\n$/,
  );
  expect(existsSync(cache)).toBe(false);
});

const ranged = testUser('range');

it.skipIf(!ranged.ok)(`who has a range is not stopped by the example${ranged.why}`, async () => {
  const place = project({}, ranged);
  made.push(place);
  const checked = await place.run(['sh', join(clone, 'examples/hello/range.sh')]);
  expect(checked).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});
