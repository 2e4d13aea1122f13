import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addEmulator } from '../../src/emulator/add.ts';
import { dropChoices, keepChoices, keptChoice, keptChoices } from '../../src/emulator/kept.ts';
import { removeEmulator } from '../../src/emulator/store.ts';
import { usedEmulator, usedModel } from '../../src/emulator/used.ts';
import { clone } from '../helpers/mpkit.ts';
import { sandbox } from '../helpers/private-host.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mpkit-kept-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const digest = (hex: string) => `sha256:${hex.repeat(64)}`;
const add = (text: string, version: string) =>
  addEmulator(root, [Buffer.from(text)], async () => ({
    ...{ architecture: 'arm64', version },
    source: { kind: 'path', from: '/opt/qemu' },
  }));

describe('choices', () => {
  it('stay beside each other, and go one by one', async () => {
    await keepChoices(root, { arm64: { digest: digest('a'), cpu: 'max' } });
    await keepChoices(root, { s390x: { digest: digest('b') } });
    await keepChoices(root, { arm64: { digest: digest('c'), cpu: 'default' } });
    expect(keptChoices(root)).toEqual({
      arm64: { digest: digest('c'), cpu: 'default' },
      s390x: { digest: digest('b') },
    });
    expect(await dropChoices(root, (architecture) => architecture === 'arm64')).toEqual(['arm64']);
    expect(await dropChoices(root, (architecture) => architecture === 'arm64')).toEqual([]);
    expect(keptChoices(root)).toEqual({ s390x: { digest: digest('b') } });
  });

  it.each([
    ['nothing', undefined],
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a model that is none', JSON.stringify({ arm64: { digest: digest('a'), cpu: 'a b' } })],
    ['a path for a digest', JSON.stringify({ arm64: { digest: '../../x' } })],
  ])('count as none where the file holds %s, and can be kept again', async (_, text) => {
    mkdirSync(join(root, 'emulators'));
    if (text !== undefined) writeFileSync(join(root, 'emulators/choices.json'), text);
    expect(keptChoices(root)).toEqual({});
    await keepChoices(root, { arm64: { digest: digest('a') } });
    expect(keptChoice(root, 'arm64')).toEqual({ digest: digest('a') });
    expect(readdirSync(join(root, 'emulators')).sort()).toEqual(['.choices.lock', 'choices.json']);
  });

  it('are all there when many processes make them at once', async () => {
    symlinkSync(join(clone, 'node_modules'), join(root, 'node_modules'));
    const driver = join(root, 'driver.mjs');
    const main = `import { keepChoices } from './src/emulator/kept.ts';
      const [root, name] = process.argv.slice(2);
      for (let at = 0; at < 20; at++)
        await keepChoices(root, { [name + at]: { digest: 'sha256:' + 'a'.repeat(64) } });`;
    await build({
      stdin: { contents: main, resolveDir: clone },
      ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external', outfile: driver },
    });
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => ended(driver, name)));
    expect(Object.keys(keptChoices(root))).toHaveLength(80);
  });

  const ended = (driver: string, name: string) =>
    new Promise<void>((resolve, reject) => {
      // the bundle lies outside of the package
      const env = { ...process.env, MPKIT_SANDBOX: sandbox() };
      const child = spawn(process.execPath, [driver, root, name], { stdio: 'inherit', env });
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`status ${code}`))));
    });
});

describe('what is used', () => {
  it('is the newest, or the chosen one as long as it is stored', async () => {
    const old = await add('old', '10.0.0');
    const newest = await add('new', '11.1.3');
    const stored = [newest, old];
    expect(usedEmulator(stored, 'arm64', {})).toBe(newest);
    expect(usedEmulator(stored, 'arm64', { arm64: { digest: old.digest } })).toBe(old);
    expect(usedEmulator(stored, 'arm64', { riscv64: { digest: old.digest } })).toBe(newest);
    expect(usedEmulator([newest], 'arm64', { arm64: { digest: old.digest } })).toBe(newest);
    expect(usedEmulator(stored, 's390x', {})).toBeUndefined();
  });

  it('has the model that was kept for exactly it, else the table’s', async () => {
    const old = await add('old', '10.0.0');
    const newest = await add('new', '11.1.3');
    expect(usedModel(old, undefined)).toBe('max,pauth=off');
    expect(usedModel(newest, undefined)).toBe('default');
    expect(usedModel(old, { digest: old.digest })).toBe('max,pauth=off');
    expect(usedModel(old, { digest: old.digest, cpu: 'default' })).toBe('default');
    expect(usedModel(newest, { digest: old.digest, cpu: 'cortex-a72' })).toBe('default');
  });

  it('loses the choice with the emulator, which says so', async () => {
    const old = await add('old', '10.0.0');
    await add('new', '11.1.3');
    await keepChoices(root, { arm64: { digest: old.digest } });
    expect(await removeEmulator(root, '11.1')).toMatchObject([{ chosenFor: [] }]);
    expect(keptChoice(root, 'arm64')).toBeDefined();
    expect(await removeEmulator(root, '10.0')).toMatchObject([{ chosenFor: ['arm64'] }]);
    expect(keptChoices(root)).toEqual({});
  });
});
