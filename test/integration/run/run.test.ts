/** `mpkit run`: one command of an image or a folder, as its caller meets it. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: scripts have variables too
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { probeFolder } from '../../../src/paths.ts';
import { lastingLeftovers } from '../../helpers/host-state.ts';
import { clone, type RunOptions } from '../../helpers/mpkit.ts';
import { type Requirement, requires } from '../../helpers/requires.ts';
import { slowly } from '../../helpers/speed.ts';
import { asUser, testUser } from '../../helpers/users.ts';
import { blobFile, errorText, readImage, type Workplace, workplace } from '../build/workplace.ts';

const ranged = testUser('range');
const pasta = networkOfItsOwn();

const script = requires('script');
const made: Workplace[] = [];
afterAll(() => made.forEach((each) => void each.remove()));

describe('as ourselves', () => suite(undefined));
describe.skipIf(!ranged.ok)(`as an ordinary user${ranged.why}`, () => suite(ranged));

function suite(user: typeof ranged | undefined) {
  if (user && !user.ok) return;
  const place = workplace(user);
  made.push(place);
  const image = `oci-layout://${place.base}`;
  const arm64 = ['run', '--offline', '--network', 'host', '--platform', 'linux/arm64'];
  const shell = (text: string, flags: string[] = [], options?: RunOptions) =>
    place.mpkit([...arm64, ...flags, image, '--', 'sh', '-c', text], options);

  /** The arm64 variant of the base as a plain folder. */
  const unpack = (name: string) => {
    const rootfs = join(place.folder, name);
    rmSync(rootfs, { recursive: true, force: true });
    mkdirSync(rootfs);
    const { manifest } = readImage(place.base, 'linux/arm64');
    for (const { digest } of manifest.layers)
      execFileSync('tar', ['-xf', blobFile(place.base, digest), '-C', rootfs]);
    return rootfs;
  };

  it('ends with the status of the command, 128+n after a signal', async () => {
    const exits = await shell('echo out; echo err >&2; exit 7');
    expect({ ...exits, stderr: errorless(exits.stderr) }).toEqual({
      exitCode: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect((await shell('kill -TERM $$')).exitCode).toBe(143);
    expect((await shell('kill -KILL $$')).exitCode).toBe(137);
  });

  it('passes stdin on, byte for byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 256));
    const { stdout } = await shell('sha256sum', [], { input: bytes });
    expect(stdout).toBe(`${createHash('sha256').update(bytes).digest('hex')}  -\n`);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('passes %s to the command', async (signal) => {
    const name = signal.slice(3);
    const child = start(`trap 'echo got; exit 5' ${name}; echo ready; while :; do sleep 0.1; done`);
    await child.says('ready');
    process.kill(child.pid, signal);
    expect(await child.ended).toEqual({ code: 5, output: 'ready\ngot\n' });
    expect(await lastingLeftovers(place.root)).toEqual([]);
  });

  it('ends all of it when the launcher is killed', async () => {
    const child = start('echo ready; sleep 999');
    await child.says('ready');
    process.kill(child.pid, 'SIGKILL');
    await child.ended;
    expect(await lastingLeftovers(place.root)).toEqual([]);
    expect((await shell('true')).exitCode).toBe(0);
    expect(readdirSync(join(place.root, 'tmp'))).toEqual([]);
  });

  function start(text: string) {
    const words = [join(clone, 'bin/mpkit'), ...arm64, image, '--', 'sh', '-c', text];
    const [program, ...args] = asUser(user, words) as [string, ...string[]];
    const env = { ...process.env, HOME: place.folder, MPKIT_ROOT: place.root };
    const child = spawn(program, args, {
      cwd: place.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (bytes) => {
      output += bytes;
    });
    const ended = new Promise((resolve) =>
      child.once('close', (code, signal) => resolve({ code: code ?? signal, output })),
    );
    const says = (word: string) =>
      expect.poll(() => output, { timeout: slowly(50_000) }).toContain(`${word}\n`);
    return { pid: child.pid as number, ended, says };
  }

  it('runs what a build wrote as an archive, and what it left in the cache', async () => {
    const dockerfile = 'FROM base\nRUN echo of the build > /made\nCMD ["cat", "/made"]';
    const platform = ['--platform', 'linux/arm64'];
    const archive = join(place.folder, 'made.tar');
    const built = await place.build({
      dockerfile,
      args: [...platform, '-o', `type=oci,dest=${archive}`],
    });
    expect(built.exitCode, built.stderr).toBe(0);
    const digest = built.stdout.trim();
    for (const source of [`oci-archive:${archive}`, 'oci-archive:made.tar', digest]) {
      const { exitCode, stdout, stderr } = await place.mpkit([...arm64, source]);
      expect({ exitCode, stdout, stderr: errorless(stderr) }).toEqual({
        ...{ exitCode: 0, stdout: 'of the build\n', stderr: '' },
      });
    }
    const gone = await place.mpkit([...arm64, `sha256:${'0'.repeat(64)}`]);
    expect(gone.exitCode).toBe(1);
    expect(errorText(gone.stderr)).toContain('is not in the state folder\nhint: ');
  });

  it('sets variables, working folder and user', async () => {
    const flags = ['-e', 'a=1 2', '-e', 'OWN', '-e', 'GHOST', '-w', '/srv', '-u', 'nobody:root'];
    const { stdout } = await shell(
      'echo "$a|$OWN|${GHOST-unset}|${LEAK-unset}|$HOME"; pwd; id -u; id -g; id -G',
      flags,
      { env: { OWN: 'own', LEAK: 'leak', GHOST: undefined } },
    );
    expect(stdout).toBe('1 2|own|unset|unset|/srv\n/srv\n65534\n0\n0\n');
  });

  it('mounts folders and files of the caller, read-only where asked', async () => {
    place.write({ 'lent/f': 'lent', 'read/f': 'read', single: 'one' });
    const flags = [
      ...['-v', `${place.folder}/lent:/srv`, '-v', `${place.folder}/read:/tmp:ro`],
      ...['-v', `${place.folder}/single:/etc/group:ro`],
    ];
    const { stdout, exitCode, stderr } = await shell(
      'cat /srv/f /tmp/f /etc/group; echo; echo new > /srv/new; for f in /tmp/f /tmp/new /etc/group; do (echo x >> $f) 2>/dev/null || echo refused; done; mount -o remount,rw /tmp 2>/dev/null || echo refused',
      flags,
    );
    expect([exitCode, stdout], stderr).toEqual([
      0,
      'lentreadone\nrefused\nrefused\nrefused\nrefused\n',
    ]);
    expect(readFileSync(join(place.folder, 'lent/new'), 'utf8')).toBe('new\n');
    expect(readdirSync(join(place.folder, 'read'))).toEqual(['f']);
    expect(readFileSync(join(place.folder, 'read/f'), 'utf8')).toBe('read');
    expect(readFileSync(join(place.folder, 'single'), 'utf8')).toBe('one');
  });

  it('ends everything after --timeout, with 124', async () => {
    // without its end this would take longer than the test may
    const result = await shell('sleep 999 & sleep 999', ['--timeout', '1']);
    expect([result.exitCode, errorText(result.stderr)]).toEqual([124, 'mpkit: ended after 1 s\n']);
    expect(await lastingLeftovers(place.root)).toEqual([]);
  });

  it('--network none has lo alone', async () => {
    const { stdout } = await shell(
      'tail -n +3 /proc/net/dev | cut -d: -f1; readlink /proc/self/ns/net',
      ['--network', 'none'],
    );
    const [names, namespace] = stdout.trim().split('\n');
    expect(names?.trim()).toBe('lo');
    expect(namespace).not.toBe(readlinkSync('/proc/self/ns/net'));
  });

  it('--network none has a loopback that answers', async () => {
    const { stdout, stderr } = await shell(
      'nc -l -p 80 -e echo heard & for i in 1 2 3 4 5; do nc 127.0.0.1 80 && break; sleep 1; done',
      ['--network', 'none'],
    );
    expect(stdout, errorText(stderr)).toBe('heard\n');
  });

  it("--network host is the host's", async () => {
    const { stdout } = await shell('readlink /proc/self/ns/net');
    expect(stdout.trim()).toBe(readlinkSync('/proc/self/ns/net'));
  });

  it.skipIf(!pasta.ok)(`has a network of its own by default${pasta.why}`, async () => {
    const { stdout, exitCode, stderr } = await place.mpkit([
      ...['run', '--offline', image, '--', 'sh', '-c'],
      'readlink /proc/self/ns/net; tail -n +3 /proc/net/dev | wc -l; cat /etc/resolv.conf',
    ]);
    expect(exitCode, stderr).toBe(0);
    const [namespace, devices] = stdout.split('\n');
    expect(namespace).not.toBe(readlinkSync('/proc/self/ns/net'));
    expect(Number(devices)).toBeGreaterThan(1);
    expect(stdout).not.toMatch(/^nameserver 127\./m);
    expect(await lastingLeftovers(place.root)).toEqual([]);
  });

  it.each([
    [
      ['/missing'],
      127,
      'cannot execute `/missing`: not found in the image (or its `#!` interpreter or loader is not)',
    ],
    [
      ['missing'],
      127,
      'cannot execute `missing`: not found in the image (or its `#!` interpreter or loader is not)',
    ],
    [['/etc/passwd'], 126, 'cannot execute `/etc/passwd`: not executable for this user'],
  ])('%j says why it cannot be executed', async (command, status, message) => {
    const result = await place.mpkit([...arm64, image, '--', ...command]);
    expect([result.exitCode, result.stdout, errorText(result.stderr)]).toEqual([
      status,
      '',
      `mpkit: ${message}\n`,
    ]);
  });

  it('gives no program of another CPU to the shell, and says whose it is', async () => {
    const rootfs = unpack('mixed');
    copyFileSync(join(probeFolder(), 'riscv64'), join(rootfs, 'bin/foreign'));
    place.write({ 'mixed/bin/script': '#!/bin/foreign -x\n', 'mixed/bin/text': 'echo "$0 $1"\n' });
    for (const name of ['foreign', 'script', 'text']) chmodSync(join(rootfs, 'bin', name), 0o755);
    const run = (...command: string[]) =>
      place.mpkit([...arm64, '--rootfs', rootfs, '--', ...command]);
    const foreign = 'exec format error: it is riscv64, the step runs linux/arm64';
    for (const [name, why] of [
      ['foreign', foreign],
      ['/bin/foreign', foreign],
      ['script', foreign.replace('it is', 'its interpreter `/bin/foreign` is')],
      ['text', 'exec format error: it is no program, and no script that begins with `#!`'],
    ] as const) {
      const { exitCode, stdout, stderr } = await run(name, 'x');
      expect([exitCode, stdout, errorText(stderr)]).toEqual([
        126,
        '',
        `mpkit: cannot execute \`${name}\`: ${why}\n`,
      ]);
    }
    // a shell does so with what the kernel refused
    expect(await run('sh', '-c', 'text x')).toMatchObject({ exitCode: 0, stdout: '/bin/text x\n' });
  });

  it('keeps changes out of an image and out of a folder', async () => {
    const before = tree(place.base);
    expect((await shell('echo x > /etc/passwd; rm -r /bin; echo > /new')).exitCode).toBe(0);
    expect((await shell('cat /etc/passwd')).stdout).toMatch(/^root:x:0/);
    expect(tree(place.base)).toEqual(before);

    const rootfs = unpack('rootfs');
    const unpacked = tree(rootfs);
    const text = 'uname -m; echo x > /etc/passwd && rm /bin/ls && echo > /new && ls / 2>&1 | wc -l';
    const words = [...arm64, '--rootfs', rootfs, '--', '/bin/sh', '-c', text];
    const result = await place.mpkit(words);
    expect(result.stdout, result.stderr).toMatch(/^aarch64\n/);
    expect(tree(rootfs)).toEqual(unpacked);
  });

  it.skipIf(!script.ok)(
    `gives the command a terminal where the caller has one${script.why}`,
    async () => {
      const words = [join(clone, 'bin/mpkit'), ...arm64, '-e', 'T', image, '--', 'sh', '-c'];
      const text =
        'test -t 0 && test -t 1 && echo terminal; stty size; tty; read line; echo "read $line"; exit 3';
      const quoted = [...words, text].map((word) => `'${word}'`).join(' ');
      const result = await place.run(
        ['script', '-qec', `stty rows 33 cols 77; ${quoted}`, '/dev/null'],
        { input: 'typed\n' },
      );
      expect(result.exitCode, result.stdout).toBe(3);
      expect(result.stdout).toContain('terminal\r\n33 77\r\n/dev/');
      expect(result.stdout).toMatch(/read typed\r\n/);
      const piped = await shell('test -t 0 || test -t 1 || echo none');
      expect(piped.stdout).toBe('none\n');
    },
  );
}

describe('usage', () => {
  const place = workplace();
  made.push(place);
  const hint = '\nhint: `mpkit run --help` lists the flags\n';
  it.each([
    [
      [],
      'expected --rootfs DIR, oci-layout://DIR[:TAG], oci:DIR[:TAG], oci-archive:FILE[:TAG] or sha256:DIGEST',
    ],
    [['--network', 'x', '--rootfs', '/'], 'invalid network `x`: expected none, host or default'],
    [['--timeout', '0', '--rootfs', '/'], 'invalid timeout `0`: expected seconds'],
    [['-e', '=x', '--rootfs', '/'], 'invalid variable `=x`: expected NAME=VALUE'],
    [
      ['-v', '/a', '--rootfs', '/'],
      'invalid volume `/a`: expected SRC:DST[:ro] with an absolute DST',
    ],
  ])('%j is refused', async (words, message) => {
    const { exitCode, stderr, stdout } = await place.mpkit(['run', ...words]);
    expect([exitCode, stdout, errorText(stderr)]).toEqual([2, '', `mpkit: ${message}${hint}`]);
  });
});

/** pasta, and the device that it needs. */
function networkOfItsOwn(): Requirement {
  const need = requires('pasta');
  const device = statSync('/dev/net/tun', { throwIfNoEntry: false });
  if (!need.ok || (device && (device.mode & 0o6) === 0o6)) return need;
  return { ok: false, why: ' (skipped: not everybody may open `/dev/net/tun`)' };
}

/** Without what a set-up may have said. */
function errorless(stderr: string): string {
  return stderr.replaceAll(/^mpkit: (bundling|compiling|waiting).*\n/gm, '');
}

/** Names, modes, sizes and times of everything below a folder. */
function tree(folder: string): string {
  return execFileSync('find', [folder, '-printf', '%P %M %U:%G %s %T@ %l\\n'], {
    encoding: 'utf8',
  });
}
