/** Rows I10–I32 of the feature table: what each instruction leaves in the image. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have variables too
import { afterAll, describe, expect, it } from 'vitest';
import { editedLayout, errorText, type Json, stepOutput, workplace } from './workplace.ts';

const place = workplace();
afterAll(() => place.remove());

async function built(dockerfile: string, args: string[] = [], env: Record<string, string> = {}) {
  const result = await place.build({ dockerfile, args }, { env });
  expect(result.exitCode, result.stderr).toBe(0);
  const image = result.image();
  return { printed: stepOutput(result.stderr), image, config: image.config.config };
}

/** The message without the excerpt. */
async function refusal(dockerfile: string): Promise<string> {
  const { exitCode, stderr, stdout } = await place.build({ dockerfile });
  expect([exitCode, stdout]).toEqual([1, '']);
  return (errorText(stderr).split('\n')[0] as string).replace(/^(mpkit: )\[.*?\] /, '$1');
}

/** `--build-context` of a base whose runtime configuration `edit` has changed. */
function baseWith(name: string, edit: (config: Json) => void): string[] {
  const layout = editedLayout(place.base, `${place.folder}/${name}`, ({ config }) => edit(config));
  return ['--build-context', `${name}=oci-layout://${layout}`];
}

describe('RUN', () => {
  it('uses the SHELL of the stage and of its base (I10, I32)', async () => {
    const args = baseWith('shell', (config) => {
      config.Shell = ['/bin/sh', '-xc'];
    });
    const own = 'RUN echo 1\nSHELL ["/bin/echo", "shell:"]\nRUN echo 2\nCMD three\nENTRYPOINT four';
    const { printed, config } = await built(`FROM shell\n${own}`, args);
    // the trace comes through another pipe than the word
    expect(printed.sort()).toEqual(['+ echo 1', '1', 'shell: echo 2']);
    expect(config).toMatchObject({
      Shell: ['/bin/echo', 'shell:'],
      Cmd: ['/bin/echo', 'shell:', 'three'],
      Entrypoint: ['/bin/echo', 'shell:', 'four'],
    });
    expect(await refusal('FROM base\nSHELL /bin/sh -c')).toBe(
      'mpkit: `SHELL` needs a JSON array: found `/bin/sh -c`',
    );
  });

  it('in exec form has no shell and finds its program in the PATH of the image (I11)', async () => {
    const { printed } = await built(
      'FROM base\nENV a=1 PATH=/opt:$PATH\nRUN mkdir /opt && printf \'#!/bin/sh\\necho own "$@"\' > /opt/own && chmod 755 /opt/own\nRUN ["own", "$a", "*"]',
    );
    expect(printed).toEqual(['own $a *']);
  });

  it('has the environment of the image, HOME of its user, and none of the caller (I12)', async () => {
    const dockerfile =
      'FROM base\nENV a=1\nARG b=2\nRUN env | sort\nUSER nobody\nRUN echo $HOME\nENV HOME=/own\nRUN echo $HOME';
    const { printed } = await built(dockerfile, [], { LEAK: '1', BASH_ENV: '/x', QEMU_LOG: '1' });
    const shown = printed.filter((line) => !/^(SHLVL|PWD|SOURCE_DATE_EPOCH)=/.test(line));
    expect(shown).toEqual(['HOME=/root', 'PATH=/usr/bin:/bin', 'a=1', 'b=2', '/srv', '/own']);
  });

  it('makes the working folder that the base names and lacks (I13)', async () => {
    const args = baseWith('missing', (config) => {
      config.WorkingDir = '/not/there';
    });
    expect((await built('FROM missing\nRUN pwd', args)).printed).toEqual(['/not/there']);
  });

  it('without a change still has a layer; rows of history match the layers (I14)', async () => {
    const { image } = await built('FROM base\nRUN true\nENV a=1\nRUN true\nWORKDIR /\nCMD x');
    const rows = image.config.history.filter(({ empty_layer }: Json) => !empty_layer);
    expect(rows).toHaveLength(image.config.rootfs.diff_ids.length);
    expect(image.layers.slice(-2).map((layer) => layer.size)).toEqual([0, 0]);
    expect(image.manifest.layers).toHaveLength(image.config.rootfs.diff_ids.length);
  });

  it('gets an empty stdin and its processes end with it (I15, I19)', async () => {
    const { printed } = await built('FROM base\nRUN wc -c; sleep 300 & echo started');
    expect(printed).toEqual(['0', 'started']);
  });

  it('leaves no trace of what the sandbox mounts (I17)', async () => {
    const { image } = await built(
      'FROM scratch\nCOPY --from=base /bin/busybox /bin/sh\nRUN ["sh", "-c", "echo x > /x"]',
    );
    expect(image.layers.at(-1)).toEqual(new Map([['x', '-rw-r--r-- 0/0']]));
  });

  it('finds the resolver also where the image has a link to nothing, which stays (I18)', async () => {
    const { printed, image } = await built(
      [
        ...['FROM base AS one', 'RUN mkdir -p /new/etc && ln -s ../run/none /new/etc/resolv.conf'],
        ...['FROM base', 'COPY --from=one /new /', 'RUN test -f /etc/resolv.conf && echo found'],
      ].join('\n'),
    );
    expect(printed).toEqual(['found']);
    expect(image.entry('etc/resolv.conf')).toBe('lrwxrwxrwx 0/0 -> ../run/none');
    expect(image.layers.at(-1)).toEqual(new Map());
  });

  it('keeps an /etc/hostname that a step writes, and has none of its own (I18)', async () => {
    const { printed, image } = await built(
      'FROM base\nRUN test ! -e /etc/hostname && hostname\nRUN echo board > /etc/hostname',
    );
    expect(printed).toEqual(['mpkit']);
    expect(image.text('etc/hostname')).toBe('board\n');
  });

  it('with valid JSON that holds no strings is refused; invalid JSON is for the shell (D14)', async () => {
    expect(await refusal('FROM base\nRUN ["echo", 1]')).toMatch(/string/);
    expect((await built("FROM base\nRUN [ 'a' = 'a' ] && echo shell")).printed).toEqual(['shell']);
    const { config } = await built('FROM base\nCMD [ "a", \'b\' ]');
    expect(config.Cmd).toEqual(['/bin/sh', '-c', '[ "a", \'b\' ]']);
  });
});

describe('CMD and ENTRYPOINT (I20)', () => {
  it('ENTRYPOINT drops the CMD of the base', async () => {
    const { config } = await built('FROM base\nENTRYPOINT ["e"]');
    expect([config.Entrypoint, config.Cmd ?? null]).toEqual([['e'], null]);
  });

  it('ENTRYPOINT keeps a CMD of its own stage', async () => {
    const { config } = await built('FROM base\nCMD ["c"]\nENTRYPOINT e');
    expect([config.Entrypoint, config.Cmd]).toEqual([['/bin/sh', '-c', 'e'], ['c']]);
    expect(config.ArgsEscaped).toBe(true);
  });

  it('ENTRYPOINT [] clears, and a stage counts as base', async () => {
    const { config } = await built(
      'FROM base AS a\nCMD ["c"]\nENTRYPOINT ["e"]\nFROM a\nENTRYPOINT []',
    );
    expect([config.Entrypoint ?? [], config.Cmd ?? null]).toEqual([[], null]);
  });
});

it('LABEL takes quoted keys, one line or many, and the old form (I21)', async () => {
  const { config } = await built(
    'FROM base\nLABEL "a b"="c d" e=f g="\\"h\\""\nLABEL old  form = x\nLABEL __proto__=p',
  );
  expect(Object.entries(config.Labels)).toEqual([
    ['a b', 'c d'],
    ['e', 'f'],
    ['g', '"h"'],
    ['old', 'form = x'],
    ['__proto__', 'p'],
  ]);
});

it.each([
  'USER root:root:x\nRUN true',
  'USER 0:0:7\nRUN true',
  'COPY --from=base --chown=0:0:7 /etc/passwd /',
])('a group never loses what follows its second colon: %s', async (text) => {
  expect(await refusal(`FROM base\n${text}`)).toMatch(/unknown group `(root:x|0:7)`/);
});

it('USER is looked up where something runs as it, and kept as typed elsewhere', async () => {
  expect((await built('FROM base\nUSER a:b:c')).config.User).toBe('a:b:c');
});

describe('EXPOSE (I22)', () => {
  it('expands ranges, lowers protocols and drops addresses', async () => {
    const { config } = await built('FROM base\nEXPOSE 80 90-92/UDP 127.0.0.1:8080:81/tcp 5/sctp');
    expect(Object.keys(config.ExposedPorts).sort()).toEqual(
      ['80/tcp', '90/udp', '91/udp', '92/udp', '81/tcp', '5/sctp'].sort(),
    );
  });

  it.each(['80/icmp', '80/tcp/x', '70000', '9-8', 'http'])('refuses %s', async (port) => {
    expect(await refusal(`FROM base\nEXPOSE ${port}`)).toBe(`mpkit: invalid port \`${port}\``);
  });
});

it('VOLUME only notes; what is written there stays (I24)', async () => {
  const { image, config } = await built(
    'FROM base\nVOLUME ["/data", "/a b"]\nVOLUME /c /d\nRUN mkdir /data && echo kept > /data/file',
  );
  expect(Object.keys(config.Volumes)).toEqual(['/data', '/a b', '/c', '/d']);
  expect(image.text('data/file')).toBe('kept\n');
  expect(await refusal('FROM base\nVOLUME [""]')).toBe('mpkit: `VOLUME` has an empty path');
});

describe('USER', () => {
  const accounts =
    "FROM base AS accounts\nRUN echo 'u:x:1000:1001::/home:/bin/sh' >> /etc/passwd && echo 'own:x:1001:' >> /etc/group && echo 'more:x:1002:u' >> /etc/group && echo 'other:x:1003:' >> /etc/group\nFROM accounts\n";
  const shown = 'RUN echo $(id -u) $(id -g) $(id -G)';

  it.each([
    ['u', '1000 1001 1001 1002'],
    ['1000', '1000 1001 1001 1002'],
    ['u:other', '1000 1003 1003'],
    ['u:7', '1000 7 7'],
    ['4321', '4321 0 0'],
    ['4321:5', '4321 5 5'],
    ['root', '0 0 0'],
  ])('%s is %s (I25, I26)', async (user, ids) => {
    const { printed, config } = await built(`${accounts}USER ${user}\n${shown}`);
    expect(printed).toEqual([ids]);
    expect(config.User).toBe(user);
  });

  it('with an unknown name is refused by the first RUN, not before (I25)', async () => {
    expect((await built('FROM base\nUSER ghost')).config.User).toBe('ghost');
    expect(await refusal('FROM base\nUSER ghost\nRUN true')).toMatch(/^mpkit: .*`ghost`/);
  });
});

describe('WORKDIR (I27)', () => {
  it('is relative to the last one, cleaned, and a layer of its own', async () => {
    const { config, image } = await built(
      'FROM base\nWORKDIR /a/b/\nWORKDIR ../c/./d/\nENV e=f\nWORKDIR $e',
    );
    expect(config.WorkingDir).toBe('/a/c/d/f');
    expect(image.layers.slice(-3).map((layer) => [...layer].at(-1))).toEqual([
      ['a/b', 'drwxr-xr-x 0/0'],
      ['a/c/d', 'drwxr-xr-x 0/0'],
      ['a/c/d/f', 'drwxr-xr-x 0/0'],
    ]);
  });

  it('gives only new folders to the user, and makes no layer for /', async () => {
    const { image } = await built('FROM base\nWORKDIR /a\nUSER nobody\nWORKDIR b/c\nWORKDIR /');
    expect([...image.layers.at(-1)!]).toEqual([
      ['a', 'drwxr-xr-x 0/0'],
      ['a/b', 'drwxr-xr-x 65534/65534'],
      ['a/b/c', 'drwxr-xr-x 65534/65534'],
    ]);
  });

  it('follows links inside the image only', async () => {
    const { image, printed } = await built(
      'FROM base\nRUN mkdir /real && ln -s /real /abs && ln -s ../../../real /up\nWORKDIR /abs/x\nWORKDIR /up/deep\nRUN pwd -P',
    );
    expect(image.entry('real/x')).toBe('drwxr-xr-x 0/0');
    expect(printed).toEqual(['/real/deep']);
  });
});

it('STOPSIGNAL is checked and kept as typed (I29)', async () => {
  expect((await built('FROM base\nSTOPSIGNAL SIGTERM')).config.StopSignal).toBe('SIGTERM');
  expect((await built('FROM base\nARG n=15\nSTOPSIGNAL $n')).config.StopSignal).toBe('15');
  expect((await built('FROM base\nSTOPSIGNAL SIGRTMIN+3')).config.StopSignal).toBe('SIGRTMIN+3');
  expect(await refusal('FROM base\nSTOPSIGNAL SIGFOO')).toBe('mpkit: unknown signal `SIGFOO`');
});
