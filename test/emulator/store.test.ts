import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addEmulator } from '../../src/emulator/add.ts';
import {
  emulatorPath,
  listEmulators,
  readEmulator,
  removeEmulator,
} from '../../src/emulator/store.ts';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mpkit-store-'));
  folder = join(root, 'emulators/sha256');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const facts = (architecture = 'arm64', version = '11.1.3') => ({
  architecture,
  version,
  source: { kind: 'path', from: '/usr/bin/qemu' } as const,
});
const add = (text: string, architecture?: string, version?: string) =>
  addEmulator(root, [Buffer.from(text)], async () => facts(architecture, version));
const visible = () => readdirSync(folder).filter((name) => name !== '.lock');

describe('addEmulator', () => {
  it('keeps the bytes under their digest, executable and unwritable', async () => {
    const record = await addEmulator(root, [Buffer.from('one '), Buffer.from('two')], async () =>
      facts(),
    );
    const hex = createHash('sha256').update('one two').digest('hex');
    expect(record).toMatchObject({ ...facts(), digest: `sha256:${hex}`, size: 7 });
    expect(readFileSync(emulatorPath(root, record), 'utf8')).toBe('one two');
    expect(statSync(emulatorPath(root, record)).mode & 0o777).toBe(0o555);
    expect(JSON.parse(readFileSync(join(folder, `${hex}.json`), 'utf8'))).toEqual(record);
    expect(await listEmulators(root)).toEqual({ emulators: [record], warnings: [] });
  });

  it('shows the judge a complete copy, and keeps nothing that it refuses', async () => {
    const refusal = new Error('no');
    await expect(
      addEmulator(root, [Buffer.from('program')], async (staged) => {
        expect(readFileSync(staged.path, 'utf8')).toBe('program');
        expect(staged.size).toBe(7);
        throw refusal;
      }),
    ).rejects.toBe(refusal);
    expect(visible()).toEqual([]);
  });

  it('refuses an empty program', async () => {
    await expect(add('')).rejects.toMatchObject({ code: 'invalid-input' });
    expect(visible()).toEqual([]);
  });

  it('adds the same bytes once', async () => {
    await add('same', 'arm64');
    await add('same', 'riscv64');
    expect((await listEmulators(root)).emulators.map((each) => each.architecture)).toEqual([
      'riscv64',
    ]);
    expect(visible()).toHaveLength(2);
  });

  it('serves several at once', async () => {
    const texts = Array.from({ length: 12 }, (_, n) => `program ${n % 4}`);
    await Promise.all(texts.map((text) => add(text)));
    const { emulators, warnings } = await listEmulators(root);
    expect(warnings).toEqual([]);
    expect(emulators).toHaveLength(4);
    expect(visible()).toHaveLength(8);
  });

  it('clears what a killed process left, but no record', async () => {
    const kept = await add('kept');
    const orphan = createHash('sha256').update('orphan').digest('hex');
    writeFileSync(join(folder, orphan), 'orphan');
    writeFileSync(join(folder, '.new-1-0123456789ab'), 'half');
    await add('next');
    expect(existsSync(join(folder, orphan))).toBe(false);
    expect(visible().filter((name) => name.startsWith('.'))).toEqual([]);
    expect(await readEmulator(root, kept)).toEqual(Buffer.from('kept'));
  });

  it('does not clear the temporaries of a process that is still at it', async () => {
    const slow = async function* () {
      yield Buffer.from('slow ');
      await add('quick');
      yield Buffer.from('program');
    };
    const record = await addEmulator(root, slow(), async () => facts());
    expect(await readEmulator(root, record)).toEqual(Buffer.from('slow program'));
  });
});

describe('listEmulators', () => {
  it('finds nothing where there is no store', async () => {
    expect(await listEmulators(join(root, 'nowhere'))).toEqual({ emulators: [], warnings: [] });
  });

  it('sorts by architecture, newest first', async () => {
    await add('a', 'riscv64', '10.0.0');
    await add('b', 'arm64', '7.2.22');
    await add('c', 'arm64', '11.1.3');
    const { emulators } = await listEmulators(root);
    expect(emulators.map((each) => `${each.architecture} ${each.version}`)).toEqual([
      'arm64 11.1.3',
      'arm64 7.2.22',
      'riscv64 10.0.0',
    ]);
  });

  it('skips damaged, foreign and misplaced records with a warning each', async () => {
    const good = await add('good');
    const text = readFileSync(join(folder, `${good.digest.slice(7)}.json`), 'utf8');
    const name = (digit: string) => `${digit.repeat(64)}.json`;
    const own = (digit: string) => text.replaceAll(good.digest.slice(7), digit.repeat(64));
    writeFileSync(join(folder, name('0')), '{"architecture": ');
    writeFileSync(join(folder, name('1')), '[]');
    writeFileSync(join(folder, name('2')), text);
    writeFileSync(join(folder, name('3')), own('3'));
    writeFileSync(join(folder, name('4')), own('4').replace('"size": 4', '"size": -4'));
    writeFileSync(join(folder, name('5')), own('5').replace('{', '{"__proto__": {}, "more": 1,'));
    writeFileSync(join(folder, name('6')), ' '.repeat(1_000_000));
    writeFileSync(join(folder, name('7')), own('7'));
    writeFileSync(join(folder, '7'.repeat(64)), 'longer than promised');
    writeFileSync(join(folder, name('8')), own('8').replace('arm64', '../../etc'));
    writeFileSync(join(folder, 'notes.json'), '{}');
    mkdirSync(join(folder, name('9')));
    const { emulators, warnings } = await listEmulators(root);
    expect(emulators).toEqual([good]);
    expect(warnings).toHaveLength(11);
    for (const warning of warnings) expect(warning).toMatch(/^emulator record `\w+\.json` [a-z]/);
  });

  it('follows no link', async () => {
    const good = await add('good');
    const elsewhere = mkdtempSync(join(root, 'elsewhere-'));
    const [program, record] = [emulatorPath(root, good), `${emulatorPath(root, good)}.json`];
    writeFileSync(join(elsewhere, 'record'), readFileSync(record));
    writeFileSync(join(elsewhere, 'program'), 'good');
    rmSync(record);
    symlinkSync(join(elsewhere, 'record'), record);
    expect((await listEmulators(root)).warnings).toHaveLength(1);
    rmSync(record);
    writeFileSync(record, readFileSync(join(elsewhere, 'record')));
    rmSync(program);
    symlinkSync(join(elsewhere, 'program'), program);
    expect((await listEmulators(root)).emulators).toEqual([]);
    await expect(readEmulator(root, good)).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('readEmulator', () => {
  it.each(['GOOD', 'goo', 'good and more'])('refuses %j instead of the bytes', async (bytes) => {
    const record = await add('good');
    chmodSync(emulatorPath(root, record), 0o755);
    writeFileSync(emulatorPath(root, record), bytes);
    await expect(readEmulator(root, record)).rejects.toMatchObject({
      code: 'corrupt',
      hint: expect.stringContaining(`mpkit emulator rm ${record.digest.slice(7, 19)}`),
    });
  });

  it('says so when the program is gone', async () => {
    const record = await add('good');
    rmSync(emulatorPath(root, record));
    await expect(readEmulator(root, record)).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('removeEmulator', () => {
  it('removes by architecture, version, digest, or all', async () => {
    await add('a', 'riscv64', '10.0.0');
    await add('b', 'arm64', '7.2.22');
    const third = await add('c', 'arm64', '11.1.3');
    await add('d', 's390x', '11.1.3');
    expect(await removeEmulator(root, 'riscv64')).toHaveLength(1);
    expect(await removeEmulator(root, '7.2')).toMatchObject([{ version: '7.2.22' }]);
    expect(await removeEmulator(root, third.digest.slice(0, 19))).toEqual([
      { ...third, chosenFor: [] },
    ]);
    expect(visible()).toHaveLength(2);
    expect(await removeEmulator(root, { all: true })).toHaveLength(1);
    expect(visible()).toEqual([]);
    expect(await removeEmulator(root, { all: true })).toEqual([]);
  });

  it('removes a damaged record by its digest', async () => {
    const record = await add('good');
    writeFileSync(`${emulatorPath(root, record)}.json`, 'damage');
    await removeEmulator(root, record.digest.slice(7, 19));
    expect(visible()).toEqual([]);
  });

  it.each(['arm', '', '../x', 'abc', '.lock'])('names nothing by %j', async (selector) => {
    await add('good', 'arm64');
    await expect(removeEmulator(root, selector)).rejects.toMatchObject({ code: 'not-found' });
    expect(visible()).toHaveLength(2);
  });
});
