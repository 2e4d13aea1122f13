/** Rows X1–X11 of the feature table: the context, its ignore file, named contexts. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { canary } from '../../helpers/canary.ts';
import { errorText, readImage, type Spec, workplace } from './workplace.ts';

const place = workplace();
const secret = canary();
afterAll(() => {
  expect(secret.changes()).toEqual([]);
  secret.remove();
  place.remove();
});

async function copied(spec: Omit<Spec, 'dockerfile'>, dockerfile = 'FROM scratch\nCOPY . /') {
  const result = await place.build({ dockerfile, ...spec });
  expect(result.exitCode, result.stderr).toBe(0);
  return [...(result.image().layers.at(-1)?.keys() ?? [])];
}

async function refusal(spec: Spec): Promise<string> {
  const { exitCode, stderr } = await place.build(spec);
  expect(exitCode, stderr).toBe(1);
  return (errorText(stderr).split('\n')[0] as string).replace(/^(mpkit: )\[.*?\] /, '$1');
}

describe('the Dockerfile', () => {
  it('is `dockerfile` where there is no `Dockerfile`, or what -f names from here (X1, F3)', async () => {
    place.write({
      'lower/dockerfile': 'FROM base\nLABEL from=lower',
      'elsewhere/Other.file': 'FROM base\nLABEL from=other',
    });
    const labels = async (args: string[]) => {
      const out = join(place.folder, 'lower-out');
      const base = ['--build-context', `base=oci-layout://${place.base}`];
      const output = ['-o', `type=oci,dest=${out},tar=false`];
      const result = await place.mpkit(['build', ...base, ...output, ...args]);
      expect(result.exitCode, result.stderr).toBe(0);
      return readImage(out).config.config.Labels.from;
    };
    expect(await labels(['lower'])).toBe('lower');
    expect(await labels(['-f', 'elsewhere/Other.file', 'lower'])).toBe('other');
  });
});

describe('.dockerignore', () => {
  const tree = { a: '', 'b.log': '', 'd/a': '', 'd/c.log': '', 'd/keep/x': '', 'e/f/g.log': '' };

  it.each([
    [
      '# comment\n*.log',
      ['a', 'd', 'd/a', 'd/c.log', 'd/keep', 'd/keep/x', 'e', 'e/f', 'e/f/g.log'],
    ],
    ['**/*.log\n/d/keep', ['a', 'd', 'd/a', 'e', 'e/f']],
    ['d\n!d/keep\ne/', ['a', 'b.log', 'd', 'd/keep', 'd/keep/x']],
    ['d/**\n  e  \n\n', ['a', 'b.log', 'd']],
    ['*\n! d/a\nd/c*', ['d', 'd/a']],
    ['?\n!d\nb.[k-m]og', ['d', 'd/a', 'd/c.log', 'd/keep', 'd/keep/x']],
    ['\ufeffa\n d/../b.log\nd/k*/..\ne', []],
  ])('%j leaves %j (X7, X8, X9)', async (ignore, left) => {
    const found = await copied({
      files: { ...tree, '.dockerignore': `${ignore}\nDockerfile\n.dockerignore` },
    });
    expect(found.sort()).toEqual(left);
  });

  it('beside the Dockerfile replaces the one of the context (X6); both may be hidden (X10)', async () => {
    const files = {
      '.dockerignore': 'a',
      'Dockerfile.dockerignore': 'b\nDockerfile*\n.dockerignore',
      a: '',
      b: '',
    };
    expect(await copied({ files })).toEqual(['a']);
  });

  it.each(['!', 'a[', '[]a]'])('with the pattern `%s` is refused (X7, X9)', async (pattern) => {
    expect(
      await refusal({ dockerfile: 'FROM base\nCOPY . /', files: { '.dockerignore': pattern } }),
    ).toMatch(/^mpkit: .*pattern `.*` (names nothing )?in `\.dockerignore`$/);
  });

  it('hides a file from COPY, and says so', async () => {
    const message = await refusal({
      dockerfile: 'FROM base\nCOPY hidden /',
      files: { hidden: '', '.dockerignore': 'hidden' },
    });
    expect(message).toMatch(/^mpkit: .*`\/hidden`.*(ignore|not found)/);
  });
});

describe('named contexts (X5)', () => {
  it('beat a stage of their name, with :latest or without', async () => {
    place.write({ 'named/f': 'of the context' });
    const args = ['--build-context', `one=${place.folder}/named`];
    const dockerfile =
      'FROM base AS one\nRUN echo of the stage > /f\nFROM base\nCOPY --from=one f /f\nCOPY --from=one:latest f /g';
    const { image, exitCode, stderr } = await place.build({ dockerfile, args });
    expect(exitCode, stderr).toBe(0);
    expect([image().text('f'), image().text('g')]).toEqual(['of the context', 'of the context']);
  });

  it('of files use their own ignore file', async () => {
    place.write({ 'own/.dockerignore': 'a\n.dockerignore', 'own/a': '', 'own/b': '' });
    const args = ['--build-context', `own=${place.folder}/own`];
    const files = { '.dockerignore': 'b' };
    expect(await copied({ args, files }, 'FROM scratch\nCOPY --from=own . /')).toEqual(['b']);
  });

  it('that are unknown are refused with what is known', async () => {
    const { stderr, exitCode, context } = await place.build({ dockerfile: 'FROM bsae' });
    expect(exitCode).toBe(1);
    expect(errorText(stderr)).toBe(
      [
        'mpkit: no stage and no named context `bsae` (known: `base`)',
        `${place.folder}/${context}/Dockerfile:1`,
        '>>> 1 | FROM bsae',
        'hint: pass it as `--build-context bsae=oci-layout://DIR`: images are not pulled from registries yet',
        '',
      ].join('\n'),
    );
  });
});

describe('a context that leads outside (X11)', () => {
  const dockerfile = (source: string) => `FROM base\nCOPY ${source} /to/`;

  it.each([
    ['through an absolute link', () => secret.folder],
    ['through a relative link', () => `../../../../../../../../..${secret.folder}`],
  ])('%s finds nothing there', async (how, target) => {
    const context = `leading-${how.length}`;
    rmSync(join(place.folder, context), { recursive: true, force: true });
    mkdirSync(join(place.folder, context));
    symlinkSync(target(), join(place.folder, context, 'out'));
    for (const source of ['out', 'out/secret'])
      expect(await refusal({ context, dockerfile: dockerfile(source) })).toMatch(
        /^mpkit: .*`\/out.*not found/,
      );
    const glob = await place.build({ context, dockerfile: `${dockerfile('out/s*')}` });
    expect(glob.exitCode, glob.stderr).toBe(0);
    expect(glob.image().layers.at(-1)?.has('to/secret')).toBe(false);
  });

  it('by dots stays inside and finds nothing (C12)', async () => {
    const source = `../../..${secret.folder}/secret`;
    expect(await refusal({ dockerfile: dockerfile(source) })).toMatch(/not found/);
  });

  it('as a link to the Dockerfile outside is read as the user would read it', async () => {
    mkdirSync(join(place.folder, 'linked'), { recursive: true });
    writeFileSync(join(place.folder, 'Real'), 'FROM base\nLABEL a=b');
    const result = await place.build({
      dockerfile: 'FROM ghost',
      context: 'linked',
      args: ['-f', join(place.folder, 'Real')],
    });
    expect(result.image().config.config.Labels).toEqual({ a: 'b' });
  });
});
