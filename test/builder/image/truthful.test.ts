import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchConfig, withRuntime } from '../../../src/builder/image/config.ts';
import type { RuntimeConfig } from '../../../src/builder/image/documents.ts';
import { checkTruthful } from '../../../src/builder/image/truthful.ts';
import { parsePlatform } from '../../../src/platform.ts';
import { temporaryFolder } from './workshop.ts';

const probes = join(import.meta.dirname, '../../../native/probe/bin');

describe('checkTruthful', () => {
  it('takes an image whose programs are what it claims', () => {
    const root = rootWith({ 'bin/app': 'arm64', 'bin/sh': 'arm64' });
    expect(judge(root, 'linux/arm64', { Entrypoint: ['/bin/app'] })).toBeUndefined();
  });

  it('takes an image that has no programs', () => {
    expect(judge(temporaryFolder(), 'linux/arm64', { Entrypoint: ['/bin/app'] })).toBeUndefined();
  });

  it.each<[string, RuntimeConfig]>([
    ['entry point', { Entrypoint: ['/bin/app'], Cmd: ['x'] }],
    ['command', { Cmd: ['/bin/app'] }],
    ['name on PATH', { Cmd: ['app'], Env: ['PATH=/none:/bin'] }],
    ['path from the working directory', { Cmd: ['./app'], WorkingDir: '/bin' }],
    ['interpreter of a script', { Cmd: ['/script'] }],
    ['interpreter that env looks for', { Cmd: ['/env-script'] }],
    ['link', { Cmd: ['/link'] }],
    ['shell', { Shell: ['/bin/app', '-c'] }],
  ])('refuses a foreign program as %s', (_, runtime) => {
    const root = rootWith({ 'bin/app': 'amd64' });
    writeFileSync(join(root, 'script'), '#! /bin/app -x\n');
    writeFileSync(join(root, 'env-script'), '#!/usr/bin/env app\n');
    symlinkSync('/bin/app', join(root, 'link'));
    expect(judge(root, 'linux/arm64', runtime)).toMatch(
      /^`\/(bin\/app|link)` is amd64, but the image claims linux\/arm64$/,
    );
  });

  it('looks at /bin/sh without being told', () => {
    expect(judge(rootWith({ 'bin/sh': 's390x' }), 'linux/amd64', {})).toBe(
      '`/bin/sh` is s390x, but the image claims linux/amd64',
    );
  });

  it('does not take 32-bit programs for 64-bit ones', () => {
    expect(judge(rootWith({ 'bin/sh': '386' }), 'linux/amd64', {})).toContain('is 386');
    expect(judge(rootWith({ 'bin/sh': 'arm' }), 'linux/arm/v7', {})).toBeUndefined();
  });

  const loader = '/lib64/ld-linux-x86-64.so.2';
  const hasLoader = existsSync(loader);
  const needsLoader = hasLoader ? '' : ` (skipped: this host has no ${loader})`;
  it.skipIf(!hasLoader)(`looks at the loader of a dynamic program${needsLoader}`, () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'bin'));
    mkdirSync(join(root, 'lib64'));
    copyFileSync('/bin/sh', join(root, 'bin/sh'));
    copyFileSync(join(probes, 'riscv64'), join(root, loader));
    expect(judge(root, 'linux/amd64', {})).toBe(
      `\`${loader}\` is riscv64, but the image claims linux/amd64`,
    );
  });

  it('follows no link out of the image and no loop', () => {
    const root = temporaryFolder();
    symlinkSync('../../../../../../bin/sh', join(root, 'out'));
    symlinkSync('loop', join(root, 'loop'));
    writeFileSync(join(root, 'self'), '#!/self\n');
    for (const program of ['/out', '/loop', '/self', '/'])
      expect(judge(root, 'linux/s390x', { Cmd: [program] })).toBeUndefined();
  });
});

function rootWith(programs: Record<string, string>): string {
  const root = temporaryFolder();
  mkdirSync(join(root, 'bin'));
  for (const [path, cpu] of Object.entries(programs))
    copyFileSync(join(probes, cpu), join(root, path));
  return root;
}

function judge(root: string, platformText: string, runtime: RuntimeConfig): string | undefined {
  const platform = parsePlatform(platformText);
  const rootFd = openSync(root, 'r');
  try {
    checkTruthful({ rootFd, platform, config: withRuntime(scratchConfig(platform), runtime) });
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'untruthful-image' });
    return (error as Error).message;
  } finally {
    closeSync(rootFd);
  }
}
