/** Row E6: the host's root executes no emulator that somebody else could have put there. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { cpus } from '../../../src/binfmt/index.ts';
import { chooseIdMap, readHostIds } from '../../../src/emulator/id-map.ts';
import { emulatorState } from '../../helpers/fixtures.ts';
import { clone, project } from '../../helpers/mpkit.ts';
import { foreignCpus } from '../../helpers/native-cpus.ts';
import { privateHost } from '../../helpers/private-host.ts';

const host = privateHost();
const cpu = cpus.find(({ architecture }) => architecture === foreignCpus()[0]?.architecture)!;

describe.skipIf(!host.ok)(`E6 on a private host${host.why}`, () => {
  const place = project();
  afterAll(() => place.remove());
  const folder = dirname(place.root);
  const ran = join(folder, 'ran');
  const { owner } = chooseIdMap(readHostIds());
  const install = (root: string) =>
    host.steps(
      place,
      `MPKIT_OFFLINE=1 PATH=${join(clone, 'bin')}:/usr/bin:/bin mpkit binfmt install --root ${root} ${cpu.architecture}`,
    );

  beforeEach(() => rmSync(ran, { force: true }));

  it('refuses a state folder that somebody else owns before it reads it', async () => {
    const root = join(folder, 'forged');
    forge(root, 65_534, 65_534);
    const [outcome] = await install(root);
    expect(outcome?.stderr).toContain(`state folder \`${root}\` belongs to user 65534, expected`);
    expect(outcome?.exitCode).toBe(1);
    expect(existsSync(ran), 'their program ran').toBe(false);
  });

  it('takes nothing from the store that the id of its steps could have written', async () => {
    const root = join(folder, 'own');
    forge(root, owner.uid, owner.uid);
    await install(root);
    expect(existsSync(ran), 'their program ran').toBe(false);
  });

  it('refuses a state folder that somebody else can replace', async () => {
    const theirs = join(folder, 'theirs');
    const root = join(theirs, 'state');
    forge(root, 0, 0);
    chownSync(root, owner.uid, owner.gid);
    chownSync(theirs, 65_534, 65_534);
    const [outcome] = await install(root);
    expect(outcome?.stderr).toContain(`user 65534 may replace the state folder \`${root}\``);
    chownSync(theirs, 0, 0);
    chmodSync(theirs, 0o777);
    const [open] = await install(root);
    expect(open?.stderr).toContain(`\`${theirs}\` is writable for them`);
    expect(existsSync(ran), 'their program ran').toBe(false);
  });

  it('registers emulators of its own where a store belongs to the id of its steps', async () => {
    // /var of that host is an overlay, of which no id-mapped mounts can be made
    emulatorState(place);
    const [copied, done] = await host.steps(
      place,
      `cp $(grep -l '"${cpu.architecture}"' ${place.root}/emulators/sha256/*.json | sed 's/.json$//;q') /usr/bin/${cpu.qemu[0]}-static`,
      `MPKIT_OFFLINE=1 mpkit binfmt install --root /var/lib/other ${cpu.architecture}`,
    );
    expect(copied?.stderr).toBe('');
    expect(done?.exitCode, done?.stderr).toBe(0);
    expect(done?.stdout).toContain('ok, registered');
  });

  it('would notice a program that is executed', () => {
    const root = join(folder, 'control');
    forge(root, 0, 0);
    const [name] = programs(root);
    spawnSync(name!);
    expect(existsSync(ran)).toBe(true);
  });

  /** A store with one program, as `mpkit emulator add` leaves it. */
  function forge(root: string, owner: number, group: number): void {
    const store = join(root, 'emulators/sha256');
    mkdirSync(store, { recursive: true });
    const program = join(store, 'program');
    const words = ['-static', '-O1', `-DMARK="${ran}"`, '-o', program];
    const source = join(clone, 'test/fixtures/escapes/mark.c');
    const { status, stderr } = spawnSync('cc', [...words, source], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    const content = readFileSync(program);
    rmSync(program);
    const hex = createHash('sha256').update(content).digest('hex');
    const record = {
      ...{ architecture: cpu.architecture, version: '99.0.0', size: content.length },
      ...{ source: { kind: 'path', from: '/forged' }, digest: `sha256:${hex}` },
      added: new Date(0).toISOString(),
    };
    writeFileSync(join(store, hex), content, { mode: 0o755 });
    writeFileSync(join(store, `${hex}.json`), JSON.stringify(record));
    for (const each of ['', 'emulators', 'emulators/sha256'].map((name) => join(root, name)))
      chownSync(each, owner, group);
    for (const each of [hex, `${hex}.json`]) chownSync(join(store, each), owner, group);
    chmodSync(root, 0o700);
    chmodSync(join(store, hex), 0o755);
  }

  function programs(root: string): string[] {
    const store = join(root, 'emulators/sha256');
    return spawnSync('find', [store, '-type', 'f', '-not', '-name', '*.json'], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter(Boolean);
  }
});
