/** What a second build executes, and that the same input gives the same digest. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have variables too
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { testUser } from '../../helpers/users.ts';
import {
  blobFile,
  editedLayout,
  errorText,
  stepOutput,
  steps,
  type Workplace,
  workplace,
} from './workplace.ts';

const ranged = testUser('range');
const places: Workplace[] = [];
const placeOf = (user?: typeof ranged) => {
  const place = workplace(user);
  places.push(place);
  return place;
};
const place = placeOf();
afterAll(() => places.forEach((each) => void each.remove()));

const dockerfile = `FROM --platform=$BUILDPLATFORM base AS tools
COPY tool /tool
RUN cat /tool > /made
FROM base
RUN mkdir -p /many/b /many/a; echo 1 > /many/b/1; ln /many/b/1 /many/a/2; ln -s x /many/l
ARG word=default
RUN echo $word > /word
COPY --from=tools /made /made
WORKDIR /work
COPY file .
ENTRYPOINT ["cat", "/word"]
`;
const files = { tool: 'tool', file: 'file' };
const platforms = ['--platform', 'linux/amd64,linux/arm64'];

/** Names of the executed steps, each once, without those of the other platform. */
const executed = (stderr: string) => [...new Set(steps(stderr).done)].sort();

async function both(at: Workplace) {
  const spec = { dockerfile, files, context: 'both', args: platforms };
  const first = await at.build(spec);
  expect(first.exitCode, first.stderr).toBe(0);
  const second = await at.build(spec);
  expect(second.stdout).toBe(first.stdout);
  expect(second.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  expect(executed(second.stderr)).toEqual([]);
  expect(steps(second.stderr).cached).toHaveLength(2 + 2 * 6);
  return first.stdout;
}

describe('the same build again', () => {
  it('executes nothing, and gives the digest that any other user gets', async () => {
    const own = await both(place);
    if (ranged.ok) expect(await both(placeOf(ranged))).toBe(own);
  });

  it('gives the digest with --no-cache and another state folder, too', async () => {
    const again = { dockerfile, files, context: 'again' };
    const one = await place.build({ ...again, args: platforms });
    const two = await place.build({ ...again, args: [...platforms, '--no-cache'] });
    const three = await placeOf().build({ ...again, args: platforms });
    expect(new Set(steps(two.stderr).cached)).toEqual(new Set(['FROM base']));
    expect([one.stdout, two.stdout, three.stdout]).toEqual(Array(3).fill(one.stdout));
    expect(one.stdout).toMatch(/^sha256:/);
  });
});

describe('a change', () => {
  const start = async (context: string, more: string[] = []) => {
    const result = await place.build({ dockerfile, files, context, args: [...platforms, ...more] });
    expect(result.exitCode, result.stderr).toBe(0);
    return result;
  };

  it('of a file executes the steps from its COPY on', async () => {
    await start('changed');
    const changed = { ...files, file: 'changed' };
    const { stderr, image } = await place.build({
      dockerfile,
      files: changed,
      context: 'changed',
      args: platforms,
    });
    expect(executed(stderr)).toEqual(['COPY file .']);
    expect(image('linux/arm64').text('work/file')).toBe('changed');
  });

  it('of an input that gives the same result ends there (G30)', async () => {
    await start('same');
    const other = dockerfile.replace('cat /tool > /made', 'cat /tool > /made; true');
    const { stderr } = await place.build({
      dockerfile: other,
      files,
      context: 'same',
      args: platforms,
    });
    expect(executed(stderr)).toEqual(['RUN cat /tool > /made; true']);
  });

  it('of an ARG executes the steps after it, on every platform', async () => {
    await start('arg');
    const { stderr, image } = await start('arg', ['--build-arg', 'word=other']);
    // what follows gives the same files on another chain of layers
    expect(executed(stderr)).toEqual([
      'COPY --from=tools /made /made',
      'COPY file .',
      'RUN echo $word > /word',
      'WORKDIR /work',
    ]);
    for (const platform of ['linux/amd64', 'linux/arm64'])
      expect(image(platform).text('word')).toBe('other\n');
  });

  it('of the base executes everything on it; of its tags or place nothing', async () => {
    const small = 'FROM other\nRUN echo small';
    const moved = join(place.folder, 'moved');
    cpSync(place.base, moved, { recursive: true });
    const edited = editedLayout(place.base, `${place.folder}/edited`, ({ config }) => {
      config.Env = ['PATH=/bin', 'new=1'];
    });
    const on = async (layout: string) =>
      steps(
        (
          await place.build({
            dockerfile: small,
            context: 'on',
            args: ['--build-context', `other=oci-layout://${layout}`],
          })
        ).stderr,
      );
    expect((await on(place.base)).done).toContain('RUN echo small');
    expect((await on(moved)).done).toEqual([]);
    expect((await on(edited)).done).toContain('RUN echo small');
  });
});

describe('SOURCE_DATE_EPOCH', () => {
  const script = 'FROM base\nRUN echo $SOURCE_DATE_EPOCH > /epoch; touch -d @1 /old';
  const times = (out: string, digest: string) =>
    execFileSync('tar', ['-tvf', blobFile(out, digest), '--full-time', '--utc'], {
      encoding: 'utf8',
    });

  it.each([
    ['the default', {}, [], '315532800', '1980-01-01T00:00:00Z'],
    [
      'the environment',
      { SOURCE_DATE_EPOCH: '1700000000' },
      [],
      '1700000000',
      '2023-11-14T22:13:20Z',
    ],
    [
      'a build argument over the environment',
      { SOURCE_DATE_EPOCH: '1700000000' },
      ['--build-arg', 'SOURCE_DATE_EPOCH=1600000000'],
      '1600000000',
      '2020-09-13T12:26:40Z',
    ],
  ] as const)('is %s', async (_, env, args, epoch, created) => {
    const { image, out } = await place.build({ dockerfile: script, args: [...args] }, { env });
    const { config, manifest, text } = image();
    expect(text('epoch')).toBe(`${epoch}\n`);
    expect([config.created, config.history.at(-1).created]).toEqual([created, created]);
    const lines = times(out, manifest.layers.at(-1).digest);
    expect(lines).toContain(`${created.replace('T', ' ').replace('Z', '')} epoch`);
    // only later times are lowered (P2)
    expect(lines).toContain('1970-01-01 00:00:01 old');
  });

  it('that is empty keeps real times', async () => {
    const now = Date.now() - 60_000;
    const { image } = await place.build({
      dockerfile: 'FROM base\nRUN echo "${SOURCE_DATE_EPOCH-unset}"',
      args: ['--build-arg', 'SOURCE_DATE_EPOCH='],
    });
    expect(Date.parse(image().config.created)).toBeGreaterThan(now);
  });

  it('that is no number is refused', async () => {
    const result = await place.build({ dockerfile: script }, { env: { SOURCE_DATE_EPOCH: 'now' } });
    expect([result.exitCode, errorText(result.stderr)]).toEqual([
      2,
      'mpkit: invalid SOURCE_DATE_EPOCH `now`: expected seconds since 1970\nhint: `mpkit build --help` lists the flags\n',
    ]);
  });
});

it('two builds at once on one state folder execute a shared step once', async () => {
  const shared = 'FROM base\nRUN cat /proc/sys/kernel/random/uuid | tee /id; sleep 1\n';
  const [one, two] = await Promise.all(
    ['one', 'two'].map((name) =>
      place.build({ dockerfile: `${shared}RUN echo ${name} > /own`, context: `at-once-${name}` }),
    ),
  );
  for (const each of [one, two]) expect(each?.exitCode, each?.stderr).toBe(0);
  expect(one?.image().text('id')).toBe(two?.image().text('id'));
  expect([...stepOutput(one?.stderr ?? ''), ...stepOutput(two?.stderr ?? '')]).toHaveLength(1);
  expect([one?.image().text('own'), two?.image().text('own')]).toEqual(['one\n', 'two\n']);
});
