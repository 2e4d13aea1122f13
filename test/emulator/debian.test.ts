import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cpus } from '../../src/binfmt/index.ts';
import { ensureEmulator } from '../../src/emulator/catalog.ts';
import { classifyFailure, lastWords } from '../../src/emulator/sources/apt.ts';
import { readMembers } from '../../src/emulator/sources/deb.ts';
import { addFromDebian, withDownloadFolder } from '../../src/emulator/sources/debian.ts';
import { parseTargets } from '../../src/emulator/sources/debian-host.ts';
import { listEmulators, readEmulator } from '../../src/emulator/store.ts';
import type { TransferEvent } from '../../src/transfer.ts';
import { debianArchive } from '../helpers/debian-archive.ts';
import { lastingLeftovers } from '../helpers/host-state.ts';
import { slowly } from '../helpers/speed.ts';
import { asUser, testUser } from '../helpers/users.ts';

const clone = join(import.meta.dirname, '../..');
const top = mkdtempSync(join(tmpdir(), 'mpkit-debian-'));
chmodSync(top, 0o755);
const { host, apt, network } = await debianArchive();
const user = testUser('plain');
const bookworm = '/usr/share/keyrings/debian-archive-bookworm-stable.gpg';
const driver = join(top, 'driver.mjs');
const namespaces = spawnSync('unshare', ['-Ur', 'true']).status === 0;

let root: string;
beforeAll(async () => {
  symlinkSync(join(clone, 'node_modules'), join(top, 'node_modules'));
  const main = `import { emulatorCommand } from './src/cli/emulator.ts';
    emulatorCommand(process.argv.slice(3), {
      root: process.argv[2],
      stdout: (text) => process.stdout.write(text),
      stderr: (text) => process.stderr.write(text),
    }).then((code) => { process.exitCode = code; });`;
  await build({
    stdin: { contents: main, resolveDir: clone },
    ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external', outfile: driver },
  });
});
beforeEach(() => {
  root = mkdtempSync(join(top, 'root-'));
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

const fetchAll = (options: Parameters<typeof addFromDebian>[2] = {}) =>
  withDownloadFolder(root, options, (folder) => addFromDebian(root, folder, options));
const store = () => readdirSync(join(root, 'emulators/sha256'));
const expectTidy = async () => {
  expect(readdirSync(root).sort()).toEqual(['apt.lock', 'emulators']);
  const names = store().filter((name) => name !== '.lock');
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{64}(\.json)?$/);
  expect(names).toHaveLength(2 * cpus.length);
  expect(await lastingLeftovers(root)).toEqual([]);
};

describe.skipIf(!network.ok)(`the newest emulators of Debian${network.why}`, () => {
  it('come from one download, leave nothing else, and serve offline afterwards', async () => {
    let before = aptState();
    const events: TransferEvent[] = [];
    let records = await fetchAll({ onTransfer: (event) => events.push(event) });
    // a test beside this one may install a program that it needs
    for (let tries = 0; tries < 2 && changedSince(before); tries++) {
      rmSync(root, { recursive: true });
      before = aptState();
      records = await fetchAll();
    }
    expect(records.map((each) => each.architecture).sort()).toEqual(
      cpus.map((each) => each.architecture).sort(),
    );
    expect(new Set(records.map((each) => each.source.from)).size).toBe(1);
    const [first] = events;
    expect(first).toMatchObject({ kind: 'fetch', bytes: 0, total: expect.any(Number) });
    expect(first?.name).toBe(records[0]!.source.from.replace('=', ' ').replace(/\/.*/, ''));
    expect(events.at(-1)).toMatchObject({ end: 'done', bytes: first?.total });
    const moved = events.map(({ bytes }) => bytes);
    expect(moved).toEqual(moved.toSorted((a, b) => a - b));
    for (const record of records)
      expect((await readEmulator(root, record)).readUInt32BE(0)).toBe(0x7f454c46);
    await expectTidy();
    expect(aptState()).toEqual(before);

    const again: TransferEvent[] = [];
    expect(await fetchAll({ onTransfer: (event) => again.push(event) })).toHaveLength(cpus.length);
    expect(again).toEqual([]);
    const offline = await ensureEmulator(root, 's390x', { offline: true, searchPath: '' });
    expect(records).toContainEqual(offline);
  });

  it.skipIf(!user.ok)(`can be fetched by an ordinary user${user.why}`, async () => {
    execFileSync('chown', [`${user.uid}:${user.gid}`, root]);
    expect(await ended(start(['add'], asUser(user, [])))).toBe(0);
    await expectTidy();
  });

  const why = namespaces ? '' : ' (skipped: no user namespaces here)';
  it.skipIf(!namespaces)(`can be fetched as root of a namespace with one id${why}`, async () => {
    expect(await ended(start(['add'], ['unshare', '-Ur']))).toBe(0);
    await expectTidy();
  });

  it.each([
    ['fetching', '"kind":"fetch"'],
    ['unpacking', '"unpacking '],
  ])('survive a kill while %s', async (moment, sign) => {
    const first = start(['add', '--progress', 'rawjson']);
    await new Promise<void>((resolve) => {
      first.stderr!.on('data', (text) => String(text).includes(sign) && resolve());
    });
    const exit = ended(first);
    const some = () => existsSync(join(root, 'emulators/sha256')) && store().length > 2;
    if (moment === 'unpacking')
      await expect.poll(some, { interval: 5, timeout: slowly(100_000) }).toBe(true);
    first.kill('SIGKILL');
    expect(await exit).toBe('SIGKILL');
    expect(existsSync(join(root, 'apt'))).toBe(true);
    expect(await lastingLeftovers(root)).toEqual([]);
    await fetchAll();
    await expectTidy();
  });

  it('are fetched once by two processes', async () => {
    const architectures = ['arm64', 'riscv64'];
    const said: string[] = [];
    const ensure = (architecture: string) =>
      ensureEmulator(root, architecture, {
        offline: false,
        searchPath: '',
        onProgress: (text) => said.push(text),
      });
    const found = await Promise.all(architectures.map(ensure));
    expect(found.map((each) => each.architecture)).toEqual(architectures);
    expect(said.filter((text) => text.startsWith('unpacking'))).toHaveLength(1);
    expect(said).toContain('waiting for another mpkit that fetches emulators');
    await expectTidy();
  });

  it('stop at once when told so', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const onProgress = (text: string) => text.startsWith('unpacking') && stop.abort(reason);
    await expect(fetchAll({ onProgress, signal: stop.signal })).rejects.toBe(reason);
    expect(readdirSync(root)).not.toContain('apt');
    // dpkg-deb's own child notices a moment later
    expect(await lastingLeftovers(root)).toEqual([]);
  });

  it.skipIf(!existsSync(bookworm))(
    `come from an older suite where the keyring knows no newer one${existsSync(bookworm) ? '' : ' (skipped: no keyring of Debian 12)'}`,
    async () => {
      const old = { ...host!, releases: ['bookworm'], keyring: bookworm };
      const [record] = await fetchAll({ host: old });
      expect(record!.source.from).toMatch(/^qemu-user-static=.*\/bookworm$/);
      expect(record!.version).toMatch(/^7\.2\./);
    },
  );

  it('are refused where no suite is signed by a known key', async () => {
    writeFileSync(join(top, 'empty.gpg'), '');
    const stranger = { ...host!, keyring: join(top, 'empty.gpg') };
    await expect(fetchAll({ host: stranger })).rejects.toMatchObject({
      code: 'host-unable',
      output: expect.arrayContaining([expect.stringContaining('is not signed')]),
    });
    expect(await listEmulators(root)).toEqual({ emulators: [], warnings: [] });
    expect(readdirSync(root)).not.toContain('apt');
  });
});

describe.skipIf(!apt.ok)(`apt${apt.why}`, () => {
  it('says that the network is the reason, and what to do', async () => {
    const nowhere = { ...host!, mirrors: ['http://127.0.0.1:9/debian/'] };
    await expect(fetchAll({ host: nowhere })).rejects.toMatchObject({
      code: 'network',
      hint: expect.stringMatching(/`mpkit emulator add PATH`.*MPKIT_OFFLINE/),
    });
    expect(readdirSync(root)).toEqual(['apt.lock']);
  });

  it('reads members of a package through links, and nothing outside of it', async () => {
    const tree = mkdtempSync(join(top, 'package-'));
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
    mkdirSync(join(tree, 'usr/bin'), { recursive: true });
    mkdirSync(join(tree, 'opt'));
    const control =
      'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n';
    writeFileSync(join(tree, 'DEBIAN/control'), control);
    writeFileSync(join(tree, 'opt/real'), 'real');
    writeFileSync(join(tree, 'usr/bin/plain'), 'plain');
    symlinkSync('../../opt/real', join(tree, 'usr/bin/a-link'));
    symlinkSync('/usr/bin/a-link', join(tree, 'usr/bin/b-link'));
    symlinkSync('../../../../etc/passwd', join(tree, 'usr/bin/escape'));
    symlinkSync('loop', join(tree, 'usr/bin/loop'));
    const deb = join(top, 'x.deb');
    execFileSync('dpkg-deb', ['--root-owner-group', '-b', tree, deb], { stdio: 'ignore' });
    const wanted = ['plain', 'b-link', 'escape', 'loop', 'missing'].map(
      (name) => `usr/bin/${name}`,
    );
    const read = new Map<string, string>();
    await readMembers(deb, new Set(wanted), async (name, content) => {
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk);
      read.set(name, Buffer.concat(chunks).toString());
    });
    expect([...read].sort()).toEqual([
      ['usr/bin/b-link', 'real'],
      ['usr/bin/plain', 'plain'],
    ]);
  });

  it('refuses what is no package', async () => {
    writeFileSync(join(top, 'broken.deb'), 'no package');
    const nothing = async () => {};
    await expect(readMembers(join(top, 'broken.deb'), new Set(), nothing)).rejects.toThrow(
      /dpkg-deb|broken\.deb/,
    );
  });
});

describe('what apt says', () => {
  it.each([
    ["E: Failed to fetch http://m/InRelease  Could not resolve 'm'", 'network'],
    ["E: Failed to fetch http://m/InRelease  Temporary failure resolving 'm'", 'network'],
    ['E: Failed to fetch http://m/x.deb  Connection timed out', 'network'],
    ["E: The repository 'http://m nosuch Release' does not have a Release file.", 'missing'],
    [
      "W: GPG error: http://m: NO_PUBKEY 6ED0\nE: The repository 'http://m' is not signed.",
      'signature',
    ],
    ['E: Release file for http://m is not valid yet (invalid for another 3h)', 'clock'],
    ['E: Write error - write (28: No space left on device)', 'disk'],
    ['E: something new', 'other'],
  ])('%j is %s', (stderr, kind) => expect(classifyFailure({ stderr })).toBe(kind));

  it('is repeated without passwords and control characters', () => {
    const stderr = 'noise\nE: Failed to fetch https://me:secret@mirror/x \u001b[31mred\n';
    const words = lastWords({ exitCode: 100, stdout: '', stderr });
    expect(words).toBe('Failed to fetch https://mirror/x  [31mred');
  });

  it('gives only addresses and suites that are what they seem', () => {
    const text = [
      'http://mirror.example/debian/ bookworm Debian Debian',
      'mirror+file:/etc/apt/mirrors/debian.list trixie $(ORIGIN) $(LABEL)',
      'http://dl.example/linux/ stable Example Example Packages',
      'cdrom:[Debian]/ bookworm Debian Debian',
      'http://evil/\tx bookworm Debian Debian',
      'http://m/ $(RELEASE) Debian Debian',
      '',
    ].join('\n');
    expect(parseTargets(text)).toEqual([
      {
        mirror: 'http://mirror.example/debian/',
        release: 'bookworm',
        origin: 'Debian',
        label: 'Debian',
      },
      { mirror: 'mirror+file:/etc/apt/mirrors/debian.list', release: 'trixie' },
      {
        mirror: 'http://dl.example/linux/',
        release: 'stable',
        origin: 'Example',
        label: 'Example Packages',
      },
    ]);
  });
});

function start(argv: string[], before: string[] = []): ChildProcess {
  const [program, ...args] = [...before, process.execPath, driver, root, ...argv];
  return spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  child.stderr!.resume();
  return new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
}

function changedSince(before: ReturnType<typeof aptState>): boolean {
  return JSON.stringify(aptState()) !== JSON.stringify(before);
}

/** When the host's own apt and dpkg were last changed. */
function aptState(): [string, number | undefined][] {
  const paths = [
    '/var/lib/apt/lists',
    '/var/cache/apt',
    '/var/cache/apt/archives',
    '/var/lib/dpkg/status',
  ];
  return paths.map((path) => [path, existsSync(path) ? statSync(path).mtimeMs : undefined]);
}
