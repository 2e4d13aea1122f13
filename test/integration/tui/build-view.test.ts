import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { requires } from '../../helpers/requires.ts';
import { type Terminal, terminal } from '../../helpers/terminal.ts';
import { type Workplace, workplace } from '../build/workplace.ts';

const need = requires('tmux');

describe.skipIf(!need.ok)(`mpkit build in a terminal${need.why}`, () => {
  let place: Workplace;
  let opened: Terminal | undefined;
  beforeAll(() => {
    place = workplace();
    place.write({
      'steps/Dockerfile': [
        'FROM base',
        'RUN echo one; sleep 2; echo two; sleep 2',
        'RUN uname -m',
      ].join('\n'),
      'broken/Dockerfile': 'FROM base\nRUN sleep 1; echo bad luck; exit 7\n',
      'long/Dockerfile': 'FROM base\nRUN sleep 999\n',
    });
  });
  afterEach(() => opened?.close());
  afterAll(() => place.remove());

  const build = (context: string, platforms: string, more = '') =>
    `mpkit build ${more} --build-context base=oci-layout://${place.base} --platform ${platforms} ${context}`;
  const open = (options?: Parameters<typeof terminal>[1]) => {
    opened = terminal(place, options);
    return opened;
  };

  it.each([
    [80, 24],
    [200, 50],
  ])('shows a live matrix and ends with a summary at %d × %d', async (columns, rows) => {
    const shell = open({ columns, rows });
    const before = await shell.settings();
    shell.line(build('steps', 'linux/amd64,linux/arm64,linux/riscv64', '--no-cache'));
    const live = await shell.see(/2\/3 RUN echo one.*▸/);
    expect(live).toMatch(/^ +amd64 +arm64 +riscv64$/m);
    expect(live).toMatch(/^ +native +QEMU [\d.]+ +QEMU [\d.]+$/m);
    await shell.see(/│ one/);
    const end = await shell.see(/^=> linux\/riscv64 sha256:/m, 120);
    expect(end).toMatch(/^platform +ran +emulated +cached +time +longest step$/m);
    expect(end).toMatch(/^linux\/arm64 +\d +2 +\d +\d/m);
    expect(end).not.toMatch(/▸/);
    expect(await shell.settings()).toBe(before);
    // the next time it knows how long the steps took
    shell.line(`clear; ${build('steps', 'linux/amd64,linux/arm64', '--no-cache')}`);
    await shell.see(/▸~[\d.]+s\/[\d.]+s/);
    await shell.see(/^=> linux\/arm64 sha256:/m, 120);
  });

  it('names what failed, and why, last', async () => {
    const shell = open();
    shell.line(`${build('broken', 'linux/amd64,linux/arm64')}; echo ended $?`);
    const end = await shell.see('ended 1', 60);
    expect(end).toMatch(/^FAILED linux\/\w+ 2\/2 RUN sleep 1/m);
    expect(end.indexOf('  | bad luck')).toBeGreaterThan(end.indexOf('FAILED'));
  });

  it('leaves the terminal as it was after Ctrl-C and after SIGTERM', async () => {
    const shell = open();
    const before = await shell.settings();
    shell.line(`clear; ${build('long', 'linux/arm64')}; echo ended $?`);
    await shell.see(/▸~[1-9]/);
    shell.press('C-c');
    await shell.see('ended 130');
    expect(await shell.settings()).toBe(before);
    rmSync(join(place.folder, 'go'), { force: true });
    const go = 'until [ -e go ]; do sleep 0.1; done';
    shell.line(
      `clear; ${build('long', 'linux/arm64')} & ${go}; kill -TERM $!; wait $!; echo ended $?`,
    );
    await shell.see(/▸~[1-9]/);
    place.write({ go: '' });
    await shell.see('ended 143');
    expect(await shell.settings()).toBe(before);
  });

  it('prints lines where a view is not wanted', async () => {
    const shell = open({ env: { TERM: 'dumb' } });
    shell.line(`clear; ${build('steps', 'linux/amd64')}; echo ended $?`);
    expect(await shell.see('ended 0', 60)).toMatch(/^#1 \[linux\/amd64 1\/3\] FROM base/m);
    shell.line(`clear; CI=true ${build('steps', 'linux/amd64')}; echo gone $?`);
    expect(await shell.see('gone 0', 60)).toMatch(/^#1 \[linux\/amd64 1\/3\] FROM base/m);
  });

  it('has no colour with NO_COLOR', async () => {
    const shell = open({ env: { NO_COLOR: '1' } });
    shell.line(
      `script -qc "${build('steps', 'linux/arm64', '--no-cache')}" typescript; echo ended`,
    );
    await shell.see('▸~');
    await shell.see(/^ended/m, 60);
    shell.line("clear; grep -c $'\\x1b\\\\[[0-9;]*m' typescript; echo counted");
    expect(await shell.see(/^counted/m)).toMatch(/^0\ncounted/m);
  });
});
