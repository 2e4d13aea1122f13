/** Rows V10–V23 of the feature table: variables and build arguments, by what builds make of them. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have variables too
import { afterAll, describe, expect, it } from 'vitest';
import { editedLayout, stepOutput, steps, workplace } from './workplace.ts';

const place = workplace();
afterAll(() => place.remove());

/** One step that prints, and the configuration. */
async function built(dockerfile: string, args: string[] = []) {
  const result = await place.build({ dockerfile, args });
  expect(result.exitCode, result.stderr).toBe(0);
  return { ...result, printed: stepOutput(result.stderr), config: result.image().config };
}

describe('ENV', () => {
  it('sees the values from before its own line, in values and keys (V10)', async () => {
    const { config } = await built(
      'FROM base\nENV a=0\nENV a=1 b=$a k$a=x\nENV c=${a}${b}\nLABEL l$c=$c',
    );
    expect(config.config.Env.slice(1)).toEqual(['a=1', 'b=0', 'k0=x', 'c=10']);
    expect(config.config.Labels).toEqual({ l10: '10' });
  });

  it('replaces in place and keeps the order of the base (V11)', async () => {
    const { config } = await built('FROM base\nENV x=1 y=2\nENV x=3 PATH=/opt:$PATH');
    expect(config.config.Env).toEqual(['PATH=/opt:/usr/bin:/bin', 'x=3', 'y=2']);
  });

  it('gets a PATH appended where the base has none (V11)', async () => {
    const bare = editedLayout(place.base, `${place.folder}/no-path`, ({ config }) => {
      config.Env = ['own=1'];
    });
    const { config } = await built('FROM bare\nENV b=2', [
      '--build-context',
      `bare=oci-layout://${bare}`,
    ]);
    expect(config.config.Env).toEqual([
      'own=1',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'b=2',
    ]);
  });
});

it('splits the words of EXPOSE after expansion, those of COPY before (V12)', async () => {
  const result = await place.build({
    dockerfile: 'FROM base\nARG p="80 443/udp"\nARG f="a b"\nEXPOSE $p\nCOPY $f /got/',
    files: { 'a b': 'one file', a: 'no', b: 'no' },
  });
  const { config, layers } = result.image();
  expect(config.config.ExposedPorts).toEqual({ '80/tcp': {}, '443/udp': {} });
  expect([...layers.at(-1)!.keys()]).toEqual(['got', 'got/a b']);
});

describe('ARG', () => {
  it('before FROM is visible in FROM lines, in a stage after a bare ARG (V13, V14)', async () => {
    const { printed } = await built(
      [
        'ARG image=base',
        'ARG g=global',
        'FROM $image',
        'RUN echo "1 ${g-unset}"',
        'ARG g',
        'RUN echo "2 $g"',
        'ARG g=own',
        'RUN echo "3 $g"',
        'ARG g',
        'RUN echo "4 $g"',
      ].join('\n'),
    );
    expect(printed).toEqual(['1 unset', '2 global', '3 own', '4 global']);
  });

  it('takes --build-arg over its own default over the global one (V14)', async () => {
    const dockerfile = 'ARG g=global\nFROM base\nARG g=own\nARG h=${g}x i=${h}y\nRUN echo $g $h $i';
    expect((await built(dockerfile)).printed).toEqual(['own ownx ownxy']);
    const given = await built(dockerfile, ['--build-arg', 'g=given']);
    expect(given.printed).toEqual(['given givenx givenxy']);
  });

  it('without any value stays unset, not empty (V15, V27)', async () => {
    const script = 'FROM base\nARG a\nARG b=\nRUN echo "${a-unset} ${b-unset}."';
    expect((await built(script, ['--build-arg', 'a'])).printed).toEqual(['unset .']);
  });

  it('takes --build-arg NAME from the environment (V27)', async () => {
    const result = await place.build(
      { dockerfile: 'FROM base\nARG a\nRUN echo "$a."', args: ['--build-arg', 'a'] },
      { env: { a: 'of the caller' } },
    );
    expect(stepOutput(result.stderr)).toEqual(['of the caller.']);
  });

  it('reads several of one line from left to right (V16)', async () => {
    const { printed } = await built('FROM base\nARG a=1 b=${a}2 c=${b}3 a=4 d=$a\nRUN echo $c $d');
    expect(printed).toEqual(['123 4']);
  });

  it('yields to ENV from that line on; a later ARG hides it without changing it (V17)', async () => {
    const { printed, config } = await built(
      'FROM base\nARG a=1\nRUN echo $a\nENV a=2\nRUN echo $a\nARG a=3\nRUN echo $a\nLABEL a=$a',
      ['--build-arg', 'a=9'],
    );
    expect(printed).toEqual(['9', '2', '9']);
    expect(config.config.Env).toContain('a=2');
    expect(config.config.Labels).toEqual({ a: '9' });
  });

  it('is inherited by a stage built on its stage and by no other (V18)', async () => {
    const { printed } = await built(
      'FROM base AS one\nARG a=1\nFROM one AS two\nRUN echo "two ${a-unset}"\n' +
        'FROM base AS three\nRUN echo "three ${a-unset}" | tee /three\n' +
        'FROM two\nCOPY --from=three /three /',
    );
    expect(printed.sort()).toEqual(['three unset', 'two 1']);
  });

  it('is in history and in the key of each later step, used or not, not in the config (V19)', async () => {
    const dockerfile = 'FROM base\nRUN true\nARG a=1\nARG b=2\nRUN echo $$a';
    const { config } = await built(dockerfile);
    expect(config.config.Env).toEqual(['PATH=/usr/bin:/bin']);
    expect(config.history.at(-1).created_by).toBe('RUN |2 a=1 b=2 /bin/sh -c echo $$a');
    const { stderr } = await built(dockerfile, ['--build-arg', 'b=3']);
    expect(steps(stderr)).toEqual({ cached: ['FROM base', 'RUN true'], done: ['RUN echo $$a'] });
  });

  it('of a proxy reaches RUN by itself, without history, key or config (V20)', async () => {
    const names = ['HTTP', 'HTTPS', 'FTP', 'NO', 'ALL'].flatMap((each) => [
      `${each}_PROXY`,
      `${each}_PROXY`.toLowerCase(),
    ]);
    const args = (value: string) => names.flatMap((each) => ['--build-arg', `${each}=${value}`]);
    const dockerfile = 'FROM base\nRUN env | grep -ic _proxy=proxy-[o]ne';
    const first = await built(dockerfile, args('proxy-one'));
    expect(first.printed).toEqual(['10']);
    expect(JSON.stringify(first.config)).not.toContain('proxy-one');
    const second = await built(dockerfile, args('proxy-two'));
    expect(steps(second.stderr).cached).toEqual([
      'FROM base',
      'RUN env | grep -ic _proxy=proxy-[o]ne',
    ]);
  });

  it('of a proxy is like any other once it is declared (V20)', async () => {
    const dockerfile = 'FROM base\nARG HTTP_PROXY\nRUN echo "proxy $HTTP_PROXY"';
    const args = (value: string) => ['--build-arg', `HTTP_PROXY=${value}`];
    const { config } = await built(dockerfile, args('one'));
    expect(config.history.at(-1).created_by).toContain('|1 HTTP_PROXY=one ');
    expect((await built(dockerfile, args('two'))).printed).toEqual(['proxy two']);
  });
});

describe('platform arguments', () => {
  const names = ['PLATFORM', 'OS', 'ARCH', 'VARIANT'].flatMap((each) => [
    `BUILD${each}`,
    `TARGET${each}`,
  ]);
  const show = names.map((each) => `${each}=\${${each}-unset}`).join(' ');

  it('are set for every platform, variants empty where there is none (V21, V23)', async () => {
    const dockerfile = `FROM --platform=$BUILDPLATFORM base AS show\nRUN echo "none \${TARGETARCH-unset}"\nARG ${names.join(' ')}\nRUN echo "${show}"\nFROM scratch\nCOPY --from=show /etc /etc`;
    const result = await place.build({
      dockerfile,
      args: ['--platform', 'linux/arm,linux/arm64/v8,linux/amd64'],
    });
    expect(result.exitCode, result.stderr).toBe(0);
    const build = 'BUILDPLATFORM=linux/amd64';
    const line = (platform: string, arch: string, variant: string) =>
      `${build} TARGETPLATFORM=${platform} BUILDOS=linux TARGETOS=linux BUILDARCH=amd64 TARGETARCH=${arch} BUILDVARIANT= TARGETVARIANT=${variant}`;
    expect(stepOutput(result.stderr).sort()).toEqual([
      line('linux/amd64', 'amd64', ''),
      line('linux/arm/v7', 'arm', 'v7'),
      line('linux/arm64', 'arm64', ''),
      'none unset',
    ]);
  });

  it('with a default take the default (V21), with a build argument that (V22)', async () => {
    const dockerfile =
      'FROM base\nARG TARGETARCH=mine\nARG TARGETOS\nRUN echo $TARGETARCH $TARGETOS';
    expect((await built(dockerfile)).printed).toEqual(['mine linux']);
    const given = await built(dockerfile, [
      '--build-arg',
      'TARGETOS=x',
      '--build-arg',
      'TARGETARCH=y',
    ]);
    expect(given.printed).toEqual(['y x']);
  });
});

describe('a build argument that no ARG asks for', () => {
  it('is a warning before the first step, and no error (V26)', async () => {
    const { stderr, printed } = await built('FROM base\nARG known\nRUN echo $known', [
      ...['--build-arg', 'known=1', '--build-arg', 'unheard=2', '--build-arg', 'GHOST_OF_NOTHING'],
    ]);
    expect(printed).toEqual(['1']);
    expect(stderr.match(/^=> warning.*$/gm)).toEqual([
      '=> warning: build argument `unheard` is used by no ARG',
    ]);
    expect(stderr.indexOf('=> warning')).toBeLessThan(stderr.indexOf('#1 '));
  });
});
