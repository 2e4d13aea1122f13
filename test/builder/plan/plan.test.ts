import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../src/builder/dockerfile/index.ts';
import {
  allVertices,
  type ContextResolver,
  type PlanInput,
  planBuild,
  type RunOp,
  type Vertex,
} from '../../../src/builder/plan/index.ts';
import type { MpkitError } from '../../../src/errors.ts';
import { parsePlatform } from '../../../src/platform.ts';

const contexts: ContextResolver = {
  kind: (name) => (name === 'base' ? 'image' : name === 'files' ? 'folder' : undefined),
  image: async (_, platform) => ({
    manifest: `sha256:${platform.architecture}`,
    platform,
    image: { config: { Env: ['PATH=/bin', 'FROM_BASE=1'], Cmd: ['sh'], Labels: { a: '1' } } },
    history: [{ created_by: 'base' }],
  }),
};

async function plan(dockerfile: string, options: Partial<PlanInput> = {}) {
  return planBuild({
    dockerfile: parseDockerfile(dockerfile, 'Dockerfile'),
    platforms: ['linux/amd64', 'linux/arm64'].map(parsePlatform),
    buildArgs: new Map(),
    network: 'default',
    epoch: undefined,
    contexts,
    contextNames: ['base', 'files'],
    ...options,
  });
}

const runs = (vertex: Vertex) =>
  allVertices([vertex])
    .map(({ op }) => op)
    .filter((op): op is RunOp => op.kind === 'run');
const environmentOf = (vertex: Vertex) => new Map(runs(vertex).at(-1)!.environment);

describe('variables', () => {
  it.each([
    ['a default', 'ARG x=1', {}, '1'],
    ['a build argument over a default', 'ARG x=1', { x: '2' }, '2'],
    ['a global value through a bare ARG', 'ARG x', {}, 'global'],
    ['a default over a global value', 'ARG x=own', {}, 'own'],
    ['ENV over a build argument', 'ARG x\nENV x=env', { x: '2' }, 'env'],
    ['an ARG after ENV', 'ENV x=env\nARG x=late', {}, 'late'],
  ])('take %s', async (_, lines, args, expected) => {
    const [image] = await plan(`ARG x=global\nFROM base\n${lines}\nRUN x`, {
      buildArgs: new Map(Object.entries(args as Record<string, string>)),
    });
    expect(environmentOf(image!.vertex).get('x')).toBe(expected);
  });

  it('stay unset without any value', async () => {
    const [image] = await plan('FROM base\nARG nothing\nRUN x');
    expect(environmentOf(image!.vertex).has('nothing')).toBe(false);
  });

  it('are not visible in a stage without ARG', async () => {
    const [image] = await plan('ARG x=global\nFROM base\nENV y=[$x]\nRUN x');
    expect(environmentOf(image!.vertex).get('y')).toBe('[]');
  });

  it('of one ENV all see the state before it', async () => {
    const [image] = await plan('FROM base\nENV a=1\nENV a=2 b=$a\nRUN x');
    expect(environmentOf(image!.vertex).get('b')).toBe('1');
  });

  it('name the target platform where declared, and a default wins', async () => {
    const images = await plan(
      'FROM base\nARG TARGETARCH\nARG TARGETVARIANT\nARG TARGETOS=x\nRUN x',
    );
    const values = images.map(({ vertex }) => environmentOf(vertex));
    expect(values.map((each) => each.get('TARGETARCH'))).toEqual(['amd64', 'arm64']);
    expect(values.map((each) => each.get('TARGETVARIANT'))).toEqual(['', '']);
    expect(values[0]!.get('TARGETOS')).toBe('x');
  });

  it('go on into a stage from a stage', async () => {
    const [image] = await plan('FROM base AS a\nARG x=1\nFROM a\nRUN x');
    expect(environmentOf(image!.vertex).get('x')).toBe('1');
  });
});

describe('the graph', () => {
  it('shares a stage on the build platform between targets', async () => {
    const images = await plan(
      'FROM --platform=$BUILDPLATFORM base AS make\nRUN make\nFROM base\nCOPY --from=make /x /x',
    );
    const makes = images.map(({ vertex }) => runs(vertex)[0]);
    const digests = images.map(({ vertex }) => vertex.inputs[1]!.digest);
    expect(makes[0]).toEqual(makes[1]);
    expect(new Set(digests).size).toBe(1);
  });

  it('keeps apart what names its target', async () => {
    const images = await plan(
      'FROM --platform=$BUILDPLATFORM base AS make\nARG TARGETARCH\nRUN make\nFROM base\nCOPY --from=make /x /x',
    );
    expect(new Set(images.map(({ vertex }) => vertex.inputs[1]!.digest)).size).toBe(2);
    expect(images[1]!.vertex.inputs[1]!.label.platform).toContain('->linux/arm64');
  });

  it('has no vertex of a stage that nothing needs', async () => {
    const [image] = await plan('FROM base AS unused\nRUN no\nFROM base\nRUN yes');
    expect(runs(image!.vertex).map(({ argv }) => argv[2])).toEqual(['yes']);
  });

  it('ends at the target', async () => {
    const [image] = await plan('FROM base AS first\nRUN one\nFROM first\nRUN two', {
      target: 'FIRST',
    });
    expect(runs(image!.vertex)).toHaveLength(1);
  });

  it('numbers the steps that make layers, the base first', async () => {
    const [image] = await plan('FROM base AS b\nENV a=1\nWORKDIR /w\nRUN x');
    const steps = allVertices([image!.vertex]).map(({ label }) => label.step);
    expect(steps).toEqual(['b 1/3', 'b 2/3', 'b 3/3']);
  });
});

describe('the configuration', () => {
  const config = async (lines: string) =>
    (await plan(`FROM base\n${lines}`))[0]!.state.image.config;

  it('keeps and extends what the base has', async () => {
    const { Env, Labels } = await config('ENV PATH=/x new=1\nLABEL b=2 __proto__=3');
    expect(Env).toEqual(['PATH=/x', 'FROM_BASE=1', 'new=1']);
    expect(JSON.stringify(Labels)).toBe('{"a":"1","b":"2","__proto__":"3"}');
  });

  it.each([
    ["drops the base's CMD with ENTRYPOINT", 'ENTRYPOINT ["e"]', ['e'], null],
    ['keeps a CMD of its own', 'CMD ["c"]\nENTRYPOINT ["e"]', ['e'], ['c']],
    ['uses SHELL', 'SHELL ["/s", "-x"]\nCMD c', undefined, ['/s', '-x', 'c']],
  ])('%s', async (_, lines, Entrypoint, Cmd) => {
    expect(await config(lines)).toMatchObject({ Cmd, ...(Entrypoint ? { Entrypoint } : {}) });
  });

  it('expands EXPOSE after substitution', async () => {
    const { ExposedPorts } = await config('ENV p="80 81-82/UDP"\nEXPOSE $p 1.2.3.4:9:9');
    expect(Object.keys(ExposedPorts ?? {})).toEqual(['80/tcp', '81/udp', '82/udp', '9/tcp']);
  });

  it('resolves WORKDIR against the one before', async () => {
    expect((await config('WORKDIR /a/\nWORKDIR b/../c')).WorkingDir).toBe('/a/c');
  });

  it('has as many non-empty history rows as layers', async () => {
    const [image] = await plan('FROM base\nRUN a\nENV x=1\nCOPY f /\nWORKDIR /w\nWORKDIR /');
    const rows = image!.state.history.filter(({ empty_layer }) => !empty_layer);
    expect(rows).toHaveLength(1 + 3);
  });
});

describe('what cannot be planned', () => {
  it.each([
    ['FROM nowhere', 'not-found', 1],
    ['FROM base AS a\nCOPY --from=later x y\nFROM base AS later\nFROM a', 'not-found', 2],
    ['FROM base\nCOPY --from=0 x y', 'not-found', 2],
    ['FROM --platform=$nothing base', 'dockerfile-syntax', 1],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a Dockerfile's own variable
    ['FROM base\nENV a=${x?gone}', 'dockerfile-syntax', 2],
    ['FROM base\nEXPOSE 99999', 'dockerfile-syntax', 2],
    ['FROM base\nSTOPSIGNAL SIGFOO', 'dockerfile-syntax', 2],
    ['FROM base\nCOPY --chmod=999 a b', 'dockerfile-syntax', 2],
    ['FROM base\nCOPY $nothing b', 'dockerfile-syntax', 2],
  ])('%s', async (dockerfile, code, line) => {
    const text = `${dockerfile}\nRUN x`;
    await expect(
      plan(text, { target: undefined, platforms: [parsePlatform('linux/amd64')] }),
    ).rejects.toMatchObject({
      code,
      location: { startLine: line },
    });
  });
});

describe('several faults', () => {
  const faults = async (dockerfile: string, options: Partial<PlanInput> = {}) => {
    const first: MpkitError = await plan(dockerfile, options).then(
      () => expect.fail('it was planned'),
      (error) => error,
    );
    return [first, ...first.others].map(
      ({ message, location }) => `${location?.startLine}: ${message}`,
    );
  };

  it('of syntax and meaning, in all stages and for all platforms, are told at once', async () => {
    const dockerfile = `FROM nowhere AS one
EXPOSE 99999
ENV a
FROM base
COPY --from=nothing a b
COPY --from=one --chmod=u+x a b
STOPSIGNAL NONE
LABEL x`;
    expect(await faults(dockerfile, { target: 'none' })).toEqual([
      'undefined: no stage `none` to build as target',
      '1: no stage and no named context `nowhere` (known: `base`, `files`)',
      '2: invalid port `99999`',
      '3: `ENV` needs a value for `a`',
      '5: stage or context `nothing` is not known',
      '6: invalid mode `u+x` in `--chmod`',
      '7: unknown signal `NONE`',
      '8: `LABEL` needs a value for `x`',
    ]);
  });

  it.each([
    ['a variable', 'FROM base\nENV a\nWORKDIR $a\nEXPOSE x', 2],
    ['the variables of a base', 'FROM nowhere\nWORKDIR $a\nEXPOSE x', 2],
    ['a stage', 'FORM base AS one\nFROM base\nCOPY --from=one a b\nEXPOSE x', 2],
    ['a stage whose base is wrong', 'FROM nowhere AS one\nFROM one\nCOPY --from=one a b', 1],
  ])('do not follow from %s', async (_, dockerfile, count) => {
    expect(await faults(dockerfile)).toHaveLength(count);
  });
});

it('names the platform that comes out, where a last stage chooses it', async () => {
  const [image] = await plan(
    'FROM base AS one\nRUN x\nFROM --platform=linux/s390x base\nCOPY --from=one a b',
    {
      platforms: [parsePlatform('linux/amd64')],
      arePlatformsImplicit: true,
    },
  );
  expect(image?.platform).toEqual(parsePlatform('linux/s390x'));
  const labels = allVertices([image!.vertex]).map(({ label }) => `${label.platform} ${label.text}`);
  expect(labels).toContain('linux/s390x COPY --from=one a b');
  expect(labels).toContain('linux/amd64->linux/s390x RUN x');
});
