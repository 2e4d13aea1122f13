/** What a user reads when a build fails, and that nothing half-made remains. */
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hostState, lastingChanges } from '../../helpers/host-state.ts';
import { clone } from '../../helpers/mpkit.ts';
import { errorText, type Spec, workplace } from './workplace.ts';

const place = workplace();
const before = hostState();
afterAll(async () => {
  expect(await lastingChanges(before)).toEqual([]);
  expect(readdirSync(join(place.root, 'tmp'))).toEqual([]);
  place.remove();
});

/** Fails with `exitCode` and writes nothing; `FILE` in the message is the Dockerfile. */
async function failure(spec: Spec, exitCode = 1): Promise<string> {
  const result = await place.build(spec);
  expect({ exitCode: result.exitCode, stdout: result.stdout }, result.stderr).toEqual({
    exitCode,
    stdout: '',
  });
  expect(existsSync(result.out)).toBe(false);
  const hidden = readdirSync(place.folder).filter((name) => name.startsWith('.'));
  expect(hidden).toEqual([]);
  const file = join(place.folder, result.context, 'Dockerfile');
  return errorText(result.stderr).replaceAll(file, 'FILE');
}

const lines = (...texts: string[]) => `${texts.join('\n')}\n`;

describe('a failing RUN', () => {
  it('shows its status, its place and its last output; the next build is right', async () => {
    rmSync(join(place.folder, 'run-out'), { recursive: true, force: true });
    const dockerfile =
      'FROM base\nRUN echo kept > /kept\nRUN echo one; sleep 0.3; echo two >&2; exit 7\nRUN echo no';
    // its own network, or why it has none, is another test's
    const args = ['--network', 'none'];
    expect(await failure({ dockerfile, context: 'run', args })).toBe(
      lines(
        'mpkit: [linux/amd64 3/4] `echo one; sleep 0.3; echo two >&2; exit 7` exited with 7',
        'FILE:3',
        '    2 | RUN echo kept > /kept',
        '>>> 3 | RUN echo one; sleep 0.3; echo two >&2; exit 7',
        '    4 | RUN echo no',
        'last output:',
        '  | one',
        '  | two',
      ),
    );
    const next = await place.build({
      dockerfile: dockerfile.replace('exit 7', 'true'),
      context: 'run',
    });
    expect(next.exitCode).toBe(0);
    expect(next.image().text('kept')).toBe('kept\n');
  });

  it('shows the signal that ended it, and at most twenty lines without control characters', async () => {
    const text = await failure({
      dockerfile: "FROM base\nRUN seq 1 100; printf 'a\\033[31mb\\007c\\n'; kill -SEGV $$",
    });
    expect(text).toMatch(/^mpkit: \[linux\/amd64 2\/2\] `.*` was ended by SIGSEGV\n/);
    const output = text.split('\n').filter((line) => line.startsWith('  | '));
    expect(output).toHaveLength(20);
    expect(output.slice(-2)).toEqual(['  | 100', '  | ab\\x07c']);
  });

  it.each([
    [
      '["/missing"]',
      'cannot execute `/missing`: not found in the image (or its `#!` interpreter or loader is not)',
    ],
    ['["/etc/passwd"]', 'cannot execute `/etc/passwd`: not executable for this user'],
    ['missing-program', '`missing-program` exited with 127'],
  ])('%s says why it cannot be executed', async (command, message) => {
    const [first] = (await failure({ dockerfile: `FROM base\nRUN ${command}` })).split('\n');
    expect(first).toBe(`mpkit: [linux/amd64 2/2] ${message}`);
  });
});

describe('a Dockerfile', () => {
  it('with an unknown instruction is refused with what was meant', async () => {
    expect(await failure({ dockerfile: 'FROM base\n\nRUNN echo\n' })).toBe(
      lines(
        'mpkit: unknown instruction `RUNN`',
        'FILE:3',
        '    2 | ',
        '>>> 3 | RUNN echo',
        'hint: did you mean `RUN`?',
      ),
    );
  });

  it('that is missing, empty or without FROM is refused', async () => {
    expect(await failure({ dockerfile: '# nothing\n' })).toMatch(/^mpkit: .*no instructions/);
    expect(await failure({ dockerfile: 'RUN true' })).toMatch(/^mpkit: .*(FROM|build stage)/);
    const result = await place.mpkit(['build', '-f', 'ghost', place.folder]);
    expect(result.exitCode).toBe(1);
    expect(errorText(result.stderr)).toMatch(/^mpkit: .*ghost`/);
  });
});

it('a COPY of what is not there names it and its line', async () => {
  expect(await failure({ dockerfile: 'FROM base\nCOPY ../x /y' })).toBe(
    lines(
      'mpkit: [linux/amd64 2/2] `/x` not found',
      'FILE:2',
      '    1 | FROM base',
      '>>> 2 | COPY ../x /y',
      'hint: paths are looked up inside the build context; nothing outside it can be copied',
    ),
  );
});

describe('an emulator', () => {
  it('that was changed in the store is refused by its digest, and put right again', async () => {
    const own = workplace();
    const store = join(own.root, 'emulators/sha256');
    const [name = ''] = readdirSync(store).filter((each) => /^[0-9a-f]{64}$/.test(each));
    // every program, so that whichever the build chooses is a damaged one
    const kept = readdirSync(store).filter((each) => /^[0-9a-f]{64}$/.test(each));
    for (const each of kept) {
      renameSync(join(store, each), join(own.folder, each));
      writeFileSync(join(store, each), Buffer.alloc(statSync(join(own.folder, each)).size, 'x'));
    }
    const spec = {
      dockerfile: 'FROM base\nRUN uname -m',
      args: ['--platform', 'linux/arm64', '--offline'],
    };
    const result = await own.build(spec);
    expect(result.exitCode, result.stderr).toBe(1);
    expect(errorText(result.stderr)).toMatch(
      /^mpkit: \[linux\/arm64 2\/2\] emulator `sha256:[0-9a-f]{12}` for arm64 has the digest `sha256:[0-9a-f]{12}` and \d+ bytes, expected \d+ unchanged bytes\n(.*\n)*hint: `mpkit emulator rm [0-9a-f]{12} && mpkit emulator add`\n$/,
    );
    for (const each of kept) renameSync(join(own.folder, each), join(store, each));
    expect((await own.build(spec)).exitCode).toBe(0);
    expect(name).not.toBe('');
    own.remove();
  });
});

describe.skipIf(process.getuid?.() !== 0)(
  'a full disk (skipped without root: it mounts one)',
  () => {
    /** Runs `script` where `$disk` is an empty tmpfs of its own, in a mount namespace of its own. */
    const onSmallDisk = (size: string, script: string) => {
      const mount =
        'disk=$(mktemp -d) && mount -t tmpfs -o size=$1 none "$disk" && shift && mkdir "$disk/root"';
      return place.run([
        'unshare',
        '-m',
        'sh',
        '-c',
        `${mount} && ${script}; s=$?; ls -A "$disk/root/tmp" "$disk"; umount "$disk"; rmdir "$disk"; exit $s`,
        'sh',
        size,
      ]);
    };
    const command = `${clone}/bin/mpkit build --build-context base=oci-layout://${place.base}`;

    it('under the state folder says so, keeps nothing half-written, and the next build works', async () => {
      place.write({
        'disk/Dockerfile':
          'FROM base\nRUN echo early > /early\nRUN dd if=/dev/urandom of=/big bs=1M count=$((64))\n',
      });
      place.write({ 'disk/Small': 'FROM base\nRUN echo early > /early\n' });
      const result = await onSmallDisk(
        '40m',
        `{ ${command} --root "$disk/root" disk; a=$?; ls -A "$disk/root/tmp"; ${command} --root "$disk/root" -f disk/Small disk; test $a$? = 10; }`,
      );
      expect(result.exitCode, result.stderr).toBe(0);
      expect(result.stderr).toMatch(
        /^mpkit: \[linux\/amd64 3\/3\] `dd .*` exited with 1\n(.*\n)*last output:\n.*No space left on device\n/m,
      );
      expect(result.stderr).toMatch(/RUN echo early > \/early\n#\d+ CACHED/);
    });

    it('under a layer says what to do', async () => {
      place.write({
        'layer/Dockerfile': 'FROM scratch\nCOPY big /\n',
        'layer/big': 'x'.repeat(30_000_000),
      });
      const result = await onSmallDisk('20m', `${command} --root "$disk/root" layer`);
      expect(result.exitCode, result.stderr).toBe(1);
      expect(errorText(result.stderr)).toMatch(
        /^mpkit: \[linux\/amd64 2\/2\] no space left while .*\n(.*\n)*hint: free some space or point `--root` \(or MPKIT_ROOT\) at a larger disk; finished steps are kept\n$/,
      );
    });

    it('under the output leaves no part of it', async () => {
      place.write({ 'output/Dockerfile': 'FROM base\n' });
      const result = await onSmallDisk(
        '100k',
        `${command} -o type=oci,dest="$disk/out.tar" output`,
      );
      expect(result.exitCode, result.stderr).toBe(1);
      expect(errorText(result.stderr)).toMatch(
        /^mpkit: no space left while writing `.*out\.tar`\n/,
      );
      expect(result.stdout).not.toMatch(/out\.tar/);
    });
  },
);

describe('usage', () => {
  const help = 'hint: `mpkit build --help` lists the flags';
  it.each([
    [[], 'expected one CONTEXT folder or `-`, found 0'],
    [['a', 'b'], 'expected one CONTEXT folder or `-`, found 2'],
    [['--platfrom', 'x', '.'], 'unknown option `--platfrom`'],
    [['--network', 'own', '.'], 'invalid network `own`: expected default or none or host'],
    [['--build-arg', '=x', '.'], 'invalid build argument `=x`: expected NAME=VALUE'],
    [['-o', 'type=oci', '.'], 'output `type=oci`: dest=PATH is missing'],
    [['-o', 'type=oci,dest=x,tar=maybe', '.'], 'invalid tar `maybe`: expected true or false'],
    [
      ['-o', 'type=oci,dest=x,push=true', '.'],
      'output `type=oci,dest=x,push=true`: unknown key `push`',
    ],
    [
      ['--build-context', 'x', '.'],
      'invalid build context `x`: expected NAME=oci-layout://DIR, NAME=oci-archive:FILE or NAME=DIR',
    ],
    [
      ['--network', 'bridge', '.'],
      'invalid network `bridge`: `default` gives each step a network of its own',
    ],
    [['-pull', '.'], 'unknown option `-pull`: did you mean `--pull`?'],
    [
      ['-o', 'type=oci,dest="a', '.'],
      'output `type=oci,dest="a`: a quote is out of place: expected quotes around a whole KEY=VALUE',
    ],
  ])('%j is refused', async (words, message) => {
    const { exitCode, stdout, stderr } = await place.mpkit(['build', ...words]);
    expect({ exitCode, stdout, text: errorText(stderr) }).toEqual({
      exitCode: 2,
      stdout: '',
      text: lines(`mpkit: ${message}`, help),
    });
  });

  it.each([
    ['something on the way is no folder', '/dev/null/x'],
    ['a name is too long', 'x'.repeat(256)],
  ])('a path where nothing can be, since %s, is told so', async (why, path) => {
    for (const words of [
      ...[[path], ['-f', `${path}/y`, '.'], ['-o', `type=oci,dest=${path}/y`, '.']],
      ['--build-context', `a=oci-archive:${path}`, '.'],
    ]) {
      const { exitCode, stderr } = await place.mpkit(['build', ...words]);
      expect(errorText(stderr)).toMatch(/^mpkit: there can be no `/);
      expect(errorText(stderr)).toContain(why);
      expect(exitCode).toBe(1);
    }
  });

  it('values that are wrong are told all at once', async () => {
    const words = ['--platform', 'x,linux/amd64,y', '--network', 'z', '--memory', 'm', '--timeout'];
    const more = ['never', '-o', 'foo', '--progress', 'loud', '-t', 'A', 'ghost'];
    const { exitCode, stderr } = await place.mpkit(['build', ...words, ...more]);
    expect(exitCode).toBe(2);
    const text = errorText(stderr);
    for (const value of ['x', 'y', 'z', 'm', 'never', 'foo', 'loud', 'A', 'ghost'])
      expect(text).toContain(`\`${value}\``);
    expect(text.match(/--help/g)).toHaveLength(1);
  });

  it.each([
    ['https://example.invalid/x.tar.gz', 'curl -L URL'],
    ['https://example.invalid/x.git#main', 'git clone'],
    ['git@example.invalid:x/y', 'git clone'],
    ['github.com/x/y', 'git clone'],
    ['docker-image://alpine', 'skopeo copy'],
    ['target:stage', '`-o type=oci,dest=DIR,tar=false`'],
    ['oci-layout:/dir', 'oci-layout://DIR'],
    ['oci:/dir', 'oci-layout://DIR'],
    ['s3://x', 'expected a folder'],
  ])('the context %s is named, with what to write instead', async (context, hint) => {
    for (const words of [[context], ['--build-context', `a=${context}`, '.']]) {
      const { exitCode, stderr } = await place.mpkit(['build', ...words]);
      expect(exitCode).toBe(1);
      expect(errorText(stderr)).toMatch(/^mpkit: `.*` is (an|a|no) /);
      expect(errorText(stderr)).toContain(hint);
    }
  });

  it('a folder whose name looks like one of those is a folder', async () => {
    place.write({ 'github.com/x/Dockerfile': 'FROM nowhere\n' });
    const { stderr } = await place.mpkit(['build', 'github.com/x']);
    expect(errorText(stderr)).toMatch(/^mpkit: no stage and no named context `nowhere`/);
  });

  it('an unknown --progress is refused with the known ones', async () => {
    const { exitCode, stderr } = await place.mpkit(['build', '--progress', 'loud', '.']);
    expect(exitCode).toBe(2);
    expect(errorText(stderr)).toMatch(/^mpkit: invalid progress `loud`: expected .*plain.*quiet/);
  });

  it('a missing CONTEXT is no wrong usage, but not found', async () => {
    const { exitCode, stderr } = await place.mpkit(['build', 'ghost']);
    expect([exitCode, errorText(stderr)]).toEqual([
      1,
      'mpkit: cannot read folder `ghost`: ENOENT\n',
    ]);
  });

  it.each(['local', 'image', 'docker'])(
    '-o type=%s, which is not there yet, names what is',
    async (type) => {
      const result = await place.mpkit(['build', '-o', `type=${type},dest=x`, '.']);
      expect(result.exitCode).toBe(2);
      expect(errorText(result.stderr)).toMatch(
        /^mpkit: output `type=.*`: only type=oci is supported/,
      );
    },
  );

  it('a layout goes over no folder that holds something else', async () => {
    place.write({ 'precious/file': 'kept', 'small/Dockerfile': 'FROM scratch\nCOPY . /' });
    const result = await place.mpkit(['build', '-o', 'type=oci,dest=precious,tar=false', 'small']);
    expect([result.exitCode, errorText(result.stderr)]).toEqual([
      1,
      lines(
        `mpkit: \`${place.folder}/precious\` exists and is not an OCI layout`,
        'hint: remove it, or name another folder',
      ),
    ]);
    expect(readdirSync(join(place.folder, 'precious'))).toEqual(['file']);
  });
});

describe('a build that takes longer than --timeout', () => {
  it('is ended, says which limit, and keeps what was finished', async () => {
    const spec = { dockerfile: 'FROM base\nRUN echo first\nRUN sleep 900', context: 'slow' };
    const text = await failure({ ...spec, args: ['--timeout', '8'] });
    expect(text).toBe(
      lines(
        'mpkit: the build did not end within 8 s',
        'hint: `--timeout SECONDS` allows more, 0 any time; finished steps are kept',
      ),
    );
    const next = await place.build({ ...spec, dockerfile: 'FROM base\nRUN echo first' });
    expect(next.stderr).toContain('CACHED');
  });
});

describe('a RUN that takes longer than --run-timeout', () => {
  it('is ended, and says which command and which limit', async () => {
    const spec = { dockerfile: 'FROM base\nRUN sleep 901', context: 'slow-run' };
    const text = await failure({ ...spec, args: ['--run-timeout', '3'] });
    expect(text).toContain('`sleep 901` did not end within 3 s');
    expect(text).toContain('`--run-timeout SECONDS` allows more');
  });
});
