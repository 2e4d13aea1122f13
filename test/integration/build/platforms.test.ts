/** Rows E3–E18 and F1–F8 of the feature table, and the example for seven platforms. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sevenPlatforms } from '../../helpers/fixtures.ts';
import { clone } from '../../helpers/mpkit.ts';
import { nativeCpus } from '../../helpers/native-cpus.ts';
import { isOnPath, type Requirement } from '../../helpers/requires.ts';
import { testUser } from '../../helpers/users.ts';
import {
  editedLayout,
  errorText,
  readBlob,
  readJson,
  stepOutput,
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

const machines = new Map([
  ['linux/amd64', /^x86_64$/],
  ['linux/386', /^i686$/],
  ['linux/arm64', /^aarch64$/],
  ['linux/arm/v7', /^armv[78]l$/],
  ['linux/riscv64', /^riscv64$/],
  ['linux/ppc64le', /^ppc64le$/],
  ['linux/s390x', /^s390x$/],
]);

describe('the example', () => {
  it('is built and runs for seven CPUs', () => seven(place));
  it.skipIf(!ranged.ok)(`is built and runs for seven CPUs as an ordinary user${ranged.why}`, () =>
    seven(placeOf(ranged)),
  );
});

async function seven(at: Workplace) {
  const example = join(clone, 'examples/hello');
  const out = join(at.folder, 'hello');
  const result = await at.mpkit([
    ...['build', '--platform', sevenPlatforms, '-t', 'hello'],
    ...['--build-context', `base=oci-layout://${at.base}`],
    ...['-o', `type=oci,dest=${out},tar=false`, example],
  ]);
  expect(result.exitCode, result.stderr).toBe(0);
  expect(stepOutput(result.stderr).filter((line) => /^Hello/.test(line))).toHaveLength(7);
  const run = (platform: string, ...words: string[]) =>
    at.mpkit(['run', '--offline', '--platform', platform, ...words]);
  for (const [platform, machine] of machines) {
    const image = `oci-layout://${out}`;
    const built = await run(
      platform,
      image,
      '--',
      '/bin/sh',
      '-c',
      'cat /built-on; uname -m; id -u',
    );
    expect(built.exitCode, built.stderr).toBe(0);
    const [builtOn, runsOn, user] = built.stdout.split('\n');
    expect([builtOn, runsOn, user]).toEqual([
      expect.stringMatching(machine),
      expect.stringMatching(machine),
      '65534',
    ]);
    const own = await run(platform, image);
    const [, , name] = /(linux)\/(\w+)/.exec(platform) ?? [];
    expect(own.stdout).toMatch(new RegExp(`^Hello from a program for ${name}\\.\n`));
  }
}

describe('--platform', () => {
  it('takes commas, repetition, aliases and local, drops duplicates, keeps the order (F1, E2, E3)', async () => {
    const { out, exitCode, stderr } = await place.build({
      dockerfile: 'FROM scratch\nCOPY f /',
      files: { f: '' },
      args: [
        ...['--platform', 'linux/arm/7,aarch64', '--platform', 'linux/arm64/v8,local'],
        ...['--platform', 'linux/amd64/v1,linux/arm64/v9,armel,x86_64'],
      ],
    });
    expect(exitCode, stderr).toBe(0);
    const [entry] = readJson(out, 'index.json').manifests;
    expect(readBlob(out, entry.digest).manifests.map(({ platform }: never) => platform)).toEqual([
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { os: 'linux', architecture: 'arm64' },
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64', variant: 'v9' },
      { os: 'linux', architecture: 'arm', variant: 'v6' },
    ]);
  });

  it('comes from DOCKER_DEFAULT_PLATFORM where it is missing (F1)', async () => {
    const { image } = await place.build(
      { dockerfile: 'FROM base\nRUN uname -m > /m' },
      { env: { DOCKER_DEFAULT_PLATFORM: 'linux/riscv64' } },
    );
    expect(image().text('m')).toBe('riscv64\n');
    expect(image().config.architecture).toBe('riscv64');
  });

  it.each(['linux/', 'a/b/c/d', 'linux/*', 'windows/amd64', ''])(
    'refuses `%s` (E1)',
    async (word) => {
      const result = await place.build({ dockerfile: 'FROM scratch', args: ['--platform', word] });
      expect(result).toMatchObject({ exitCode: 2, stdout: '' });
      expect(result.stderr).toMatch(/^mpkit: .*(platform|windows)/);
    },
  );
});

describe('a base image', () => {
  it('is that of the last stage where nobody asks for one, and a contradiction is explained', async () => {
    const spec = { dockerfile: 'FROM --platform=linux/arm64 base\nRUN uname -m > /machine' };
    const built = await place.build(spec);
    expect(built.exitCode, built.stderr).toBe(0);
    expect(built.image().config.architecture).toBe('arm64');
    expect(built.image().text('machine')).toBe('aarch64\n');
    const history = await place.mpkit(['history', 'inspect', '--json']);
    expect(JSON.parse(history.stdout)[0].platforms).toEqual(['linux/arm64']);
    for (const options of [{ args: ['--platform', 'linux/amd64'] }, {}]) {
      const env = options.args ? {} : { DOCKER_DEFAULT_PLATFORM: 'linux/amd64' };
      const refused = await place.build({ ...spec, ...options }, { env });
      expect(refused.exitCode).toBe(1);
      expect(errorText(refused.stderr)).toMatch(
        /is arm64, but the image claims linux\/amd64\nhint: the last stage is `FROM --platform=linux\/arm64`: ask for `--platform linux\/arm64`, or leave one of the two out$/m,
      );
    }
  });

  it('serves higher variants, 386 serves amd64 (E4)', async () => {
    const only386 = editedLayout(place.base, `${place.folder}/only-386`, (config) => {
      config.architecture = '386';
    });
    const args = ['--build-context', `old=oci-layout://${only386}`];
    const built = await place.build({ dockerfile: 'FROM old\nCMD x', args });
    expect(built.stderr).not.toMatch(/has no image/);
    const v8 = await place.build({
      dockerfile: 'FROM base\nRUN uname -m',
      args: ['--platform', 'linux/arm/v8'],
    });
    expect(v8.exitCode, v8.stderr).toBe(0);
    expect(stepOutput(v8.stderr)[0]).toMatch(/^armv[78]l$/);
  });

  it('without the platform is refused with what it has (E6)', async () => {
    const { stderr, exitCode, context } = await place.build({
      dockerfile: '# first\nFROM base\nRUN true',
      args: ['--platform', 'linux/amd64,linux/mips64le'],
    });
    expect(exitCode).toBe(1);
    expect(errorText(stderr)).toBe(
      [
        `mpkit: \`${place.base}\` has no image for linux/mips64le`,
        `${place.folder}/${context}/Dockerfile:2`,
        '    1 | # first',
        '>>> 2 | FROM base',
        '    3 | RUN true',
        'hint: it has linux/amd64, linux/386, linux/arm64, linux/arm/v7, linux/riscv64, linux/ppc64le, linux/s390x',
        '',
      ].join('\n'),
    );
  });
});

describe('execution', () => {
  const none = hostEmulator();

  it('is chosen for each stage: what runs native, what is emulated is said before (E8, E17)', async () => {
    const { stderr, image, exitCode } = await place.build({
      dockerfile:
        'FROM --platform=$BUILDPLATFORM base AS tools\nRUN uname -m > /tools\nFROM base\nCOPY --from=tools /tools /\nRUN uname -m > /own',
      args: ['--platform', 'linux/arm64,linux/386'],
    });
    expect(exitCode, stderr).toBe(0);
    const plan = stderr.split('\n').filter((line) => line.startsWith('plan '));
    expect(plan).toEqual([
      'plan linux/arm64: linux/amd64 native: RUN tools 2/2',
      expect.stringMatching(/^plan linux\/arm64: emulated by QEMU [\d.]+: RUN 3\/3$/),
      'plan linux/386: linux/amd64 native: RUN tools 2/2',
      nativeCpus().includes('386')
        ? 'plan linux/386: native: RUN 3/3'
        : expect.stringMatching(/^plan linux\/386: (native|emulated by QEMU [\d.]+): RUN 3\/3$/),
    ]);
    for (const [platform, machine] of [
      ['linux/arm64', 'aarch64\n'],
      ['linux/386', 'i686\n'],
    ] as const)
      expect([image(platform).text('tools'), image(platform).text('own')]).toEqual([
        'x86_64\n',
        machine,
      ]);
    // shared by both platforms, so executed once (G33)
    expect(stderr.match(/RUN uname -m > \/tools$/gm)).toHaveLength(1);
  });

  it('keeps argv[0], /proc/self/exe and every kind of script (E13, E14)', async () => {
    const scripts = {
      's/plain': '#!/bin/sh\necho plain $0 "$@"\n',
      's/relative': '#!bin/sh\necho relative\n',
      's/nested': '#!/s/interpreter one two\n',
      's/interpreter': '#!/bin/sh\necho nested "$@"\n',
      's/none': 'echo none\n',
      's/by-env': '#!/usr/bin/env sh\necho env\n',
    };
    const { stderr, exitCode } = await place.build({
      dockerfile: `FROM base
COPY --chmod=755 s /s
RUN ["busybox", "ln", "-sf", "/bin/busybox", "/usr/bin/env"]
RUN readlink /proc/self/exe; sh -c 'tr "\\000" " " < /proc/$$/cmdline; echo'
ENV PATH=/s:$PATH
RUN plain a "b c"; /s/relative; nested three; none; by-env; cd /s && ./plain
RUN ["plain", "exec"]`,
      files: scripts,
      args: ['--platform', 'linux/arm64'],
    });
    expect(exitCode, stderr).toBe(0);
    expect(stepOutput(stderr)).toEqual([
      '/bin/busybox',
      expect.stringMatching(/^sh -c tr /),
      'plain /s/plain a b c',
      'relative',
      'nested one two /s/nested three',
      'none',
      'env',
      'plain ./plain',
      'plain /s/plain exec',
    ]);
  });

  it('takes programs that have a magic of their own in the padding, as AppImages do', async () => {
    const magic = "printf 'AI\\002' | dd of=/busybox-ai bs=1 seek=8 conv=notrunc 2> /dev/null";
    const { exitCode, stderr } = await place.build({
      dockerfile: `FROM base\nRUN cp /bin/busybox /busybox-ai && ${magic}\nRUN ["/busybox-ai", "echo", "ran"]\n`,
      args: ['--platform', sevenPlatforms],
    });
    expect(exitCode, stderr).toBe(0);
    expect(stepOutput(stderr)).toEqual(Array(7).fill('ran'));
  });

  it('of a platform that nobody executes needs no emulator (E18)', async () => {
    const bare = join(place.folder, 'bare-root');
    const args = ['--platform', 'linux/s390x,linux/riscv64', '--offline', '--root', bare];
    const dockerfile = 'FROM base\nCOPY f /f\nENV a=b';
    const { exitCode, stderr, image } = await place.build({ dockerfile, files: { f: 'f' }, args });
    expect(exitCode, stderr).toBe(0);
    expect(image('linux/s390x').text('f')).toBe('f');
  });

  it.skipIf(!none.ok)(
    `without emulator names platform, line and cure (E18)${none.why}`,
    async () => {
      const bare = join(place.folder, 'bare-root-2');
      const { exitCode, stderr, out } = await place.build({
        dockerfile: 'FROM base\nRUN true',
        args: ['--platform', 'linux/s390x', '--offline', '--root', bare],
      });
      expect(exitCode).toBe(3);
      const message = errorText(stderr);
      expect(message).toMatch(
        /^mpkit: \[linux\/s390x 2\/2\] no emulator for s390x: the store has none; PATH has none; mpkit is offline\n/,
      );
      expect(message).toMatch(/\n>>> 2 \| RUN true\n/);
      expect(message).toMatch(/\nhint: .*`mpkit emulator add`.*\n$/);
      expect(spawnSync('ls', [out]).status).not.toBe(0);
      const later = await place.build({
        dockerfile: 'FROM base\nRUN true',
        args: ['--platform', 'linux/s390x'],
      });
      expect(later.exitCode).toBe(0);
    },
  );

  it('above what the emulator can is refused before anything is run (E10)', async () => {
    const { exitCode, stderr } = await place.build({
      dockerfile: 'FROM base\nRUN true',
      args: ['--platform', 'linux/amd64/v9'],
    });
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/mpkit: .*v9/);
  });
});

/** With an emulator of the host's own there is nothing to refuse. */
function hostEmulator(): Requirement {
  const found = ['qemu-s390x', 'qemu-s390x-static'].filter(isOnPath);
  const why = found.length > 0 ? ` (skipped: this host has \`${found[0]}\`)` : '';
  return { ok: found.length === 0, why };
}

describe('names of the result', () => {
  it('--target is found in any case (F5)', async () => {
    const dockerfile = 'FROM base AS One\nLABEL at=one\nFROM base AS two\nLABEL at=two';
    const at = async (target: string) =>
      (await place.build({ dockerfile, args: ['--target', target] })).image().config.config.Labels;
    expect([await at('ONE'), await at('two')]).toEqual([{ at: 'one' }, { at: 'two' }]);
    const ghost = await place.build({ dockerfile, args: ['--target', 'ghost'] });
    expect(ghost.exitCode).toBe(1);
    expect(errorText(ghost.stderr)).toBe(
      'mpkit: no stage `ghost` to build as target\nhint: stages of this Dockerfile: one, two\n',
    );
  });

  it.each(['Upper', 'a@sha256:0000', 'a:', ':b', 'a b', 'a:-x'])(
    '-t `%s` is refused (F2)',
    async (tag) => {
      const { exitCode, stdout, stderr } = await place.build({
        dockerfile: 'FROM scratch',
        args: ['-t', tag],
      });
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toMatch(/^mpkit: .*(tag|name|reference)/);
    },
  );
});
