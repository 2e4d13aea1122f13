import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emulatorCommand } from '../../src/cli/emulator.ts';
import { addEmulator } from '../../src/emulator/add.ts';
import { keepChoices, keptChoices } from '../../src/emulator/kept.ts';
import { hostPlatform } from '../../src/platform.ts';

let root: string;
let stdout: string;
let stderr: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mpkit-cli-emulator-'));
  stdout = '';
  stderr = '';
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const command = (...argv: string[]) =>
  emulatorCommand(argv, {
    root,
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
const add = (text: string, architecture: string, version: string) =>
  addEmulator(root, [Buffer.from(text)], async () => ({
    architecture,
    version,
    source: { kind: 'path', from: `/opt/${architecture}` },
  }));

describe('ls', () => {
  it('shows a table on stdout and nothing else there', async () => {
    const old = await add('a', 'arm64', '7.2.22');
    const next = await add('b', 'arm64', '11.1.3');
    writeFileSync(join(root, 'emulators/sha256/foreign.json'), '{}');
    expect(await command('ls')).toBe(0);
    const short = (digest: string) => digest.slice(7, 19);
    expect(stdout.split('\n')).toEqual([
      'ARCHITECTURE  VERSION  SOURCE           DIGEST        SIZE    CPU            USED',
      `arm64         11.1.3   path:/opt/arm64  ${short(next.digest)}  0.0 MB  default        newest`,
      `arm64         7.2.22   path:/opt/arm64  ${short(old.digest)}  0.0 MB  max,pauth=off  -`,
      '',
    ]);
    expect(stderr).toBe(
      'warning: emulator record `foreign.json` is damaged or was written by something else\n',
    );
  });

  it('gives the records as JSON', async () => {
    const record = await add('a', 'arm64', '7.2.22');
    expect(await command('ls', '--json')).toBe(0);
    const used = { cpu: 'max,pauth=off', used: true, chosen: false };
    expect(JSON.parse(stdout)).toEqual([{ ...record, ...used }]);
  });

  it('shows which one was chosen, with its model', async () => {
    const old = await add('a', 'arm64', '7.2.22');
    const next = await add('b', 'arm64', '11.1.3');
    await keepChoices(root, { arm64: { digest: old.digest, cpu: 'cortex-a72' } });
    await command('ls', '--json');
    expect(JSON.parse(stdout)).toEqual([
      { ...next, cpu: 'default', used: false, chosen: false },
      { ...old, cpu: 'cortex-a72', used: true, chosen: true },
    ]);
    stdout = '';
    await command('ls');
    expect(stdout).toMatch(/^arm64 +11\.1\.3 .* default +-$/m);
    expect(stdout).toMatch(/^arm64 +7\.2\.22 .* cortex-a72 +chosen$/m);
  });

  it('marks no emulator as used for the host’s own CPU', async () => {
    await add('a', hostPlatform().architecture, '11.1.3');
    await command('ls', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ used: false, chosen: false }]);
  });

  it('says what to do where there is none', async () => {
    expect(await command('ls', '--json')).toBe(0);
    expect(JSON.parse(stdout)).toEqual([]);
    expect(stderr).toContain('`mpkit emulator add`');
  });
});

describe('rm', () => {
  it('takes an architecture by any of its names, a version, a digest', async () => {
    await add('a', 'arm64', '7.2.22');
    await add('b', 'amd64', '8.0.0');
    const third = await add('c', '386', '9.0.0');
    expect(await command('rm', 'linux/aarch64', '8.0', third.digest.slice(7, 19))).toBe(0);
    expect(stderr.match(/^removed /gm)).toHaveLength(3);
    expect(readdirSync(join(root, 'emulators/sha256'))).toEqual(['.lock']);
  });

  it('takes the choice with it, and says so', async () => {
    const { digest } = await add('a', 'arm64', '7.2.22');
    await keepChoices(root, { arm64: { digest } });
    await command('rm', '7.2');
    expect(stderr).toBe(
      `removed arm64 7.2.22 ${digest.slice(7, 19)}, which was chosen for arm64\n`,
    );
    expect(keptChoices(root)).toEqual({});
  });

  it('takes all, also when there is none', async () => {
    await add('a', 'arm64', '7.2.22');
    expect(await command('rm', '--all')).toBe(0);
    expect(await command('rm', '--all')).toBe(0);
  });

  it('fails for what is not there', async () => {
    await expect(command('rm', 'arm64')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('choose', () => {
  it('names what is stored where nothing has that version or digest', async () => {
    const { digest } = await add('a', 'arm64', '7.2.22');
    await expect(command('choose', 'arm64', '8')).rejects.toMatchObject({
      code: 'not-found',
      message: `no stored emulator of arm64 is named by \`8\`, found 7.2.22 (${digest.slice(7, 19)})`,
      hint: expect.stringContaining('`mpkit emulator add PATH`'),
    });
    expect(keptChoices(root)).toEqual({});
  });

  it('takes a choice back, by any name of the CPU, once and again', async () => {
    const { digest } = await add('a', 'arm64', '7.2.22');
    await keepChoices(root, { arm64: { digest, cpu: 'cortex-a72' } });
    expect(await command('choose', 'linux/aarch64', '--default')).toBe(0);
    expect(stderr).toContain('the choice is taken back for arm64: the newest is used, QEMU 7.2.22');
    expect(keptChoices(root)).toEqual({});
    expect(await command('choose', 'arm64', '--default')).toBe(0);
    expect(stderr).toContain('nothing was chosen for arm64');
  });
});

it('helps with each verb on stdout', async () => {
  for (const argv of [
    [],
    ['--help'],
    ['ls', '--help'],
    ['add', '-h'],
    ['rm', '--help'],
    ['choose', '-h'],
  ]) {
    stdout = '';
    expect(await command(...argv)).toBe(0);
    expect(stdout).toMatch(/^Usage: mpkit emulator /);
    expect(stderr).toBe('');
  }
});

it.each([
  [['list'], 'unknown verb `list`'],
  [['ls', '--nope'], 'unknown option `--nope`'],
  [['ls', 'arm64'], '`ls` takes no argument'],
  [['rm'], '`rm` takes'],
  [['choose'], '`choose` takes a CPU and'],
  [['choose', 'arm64'], '`choose` takes a CPU and'],
  [['choose', 'arm64', '7.2', '8'], '`choose` takes a CPU and'],
  [['choose', 'arm64', '7.2', '--default'], '`choose` takes a CPU and'],
  [['choose', 'arm64', '--default', '--cpu', 'max'], '`choose` takes a CPU and'],
  [['choose', 'linux/vax', '7.2'], 'no emulator exists for `linux/vax`'],
  [['choose', 'vax', '7.2'], 'invalid platform `vax`'],
  [['choose', 'arm64', '7.2', '--cpu', 'a b'], 'invalid CPU model `a b`'],
  [['choose', hostPlatform().architecture, '7.2'], 'run natively here'],
  [['rm', '--all', 'arm64'], '`rm` takes'],
  [['add', '--progress', 'loud'], 'invalid progress `loud`: expected auto, rawjson or quiet'],
  [['add', '--source', 'moon'], 'unknown source `moon`'],
  [['add', '--source', 'debian', '--offline'], 'needs the network'],
  [['add', '--source', 'debian', '/bin/sh'], 'takes no path'],
  [['add', '--platform', 'windows/amd64'], 'no emulator exists for `windows/amd64`'],
  [['add', '--platform', 'linux/vax'], 'no emulator exists for `linux/vax`'],
])('%j is a mistake of usage', async (argv, message) => {
  await expect(command(...argv)).rejects.toMatchObject({
    code: 'usage',
    exitCode: 2,
    message: expect.stringContaining(message),
  });
  expect(stdout).toBe('');
});

it.each([
  ['arm64', 'add --platform linux/arm64'],
  ['linux/arm64', 'add --platform linux/arm64'],
  ['aarch64', 'add --platform linux/arm64'],
  ['linux/arm/v7', 'add --platform linux/arm'],
  ['./missing', 'add` without a path'],
])('add %s, which is no file, says what to do', async (word, hint) => {
  await expect(command('add', word)).rejects.toMatchObject({
    code: 'not-found',
    message: `there is no file \`${word}\``,
    hint: expect.stringContaining(`\`mpkit emulator ${hint}`),
  });
});
