/** Row E6: nobody's state folder takes the place of the caller's own, not even for a moment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseIdMap, readHostIds } from '../../../src/emulator/id-map.ts';
import { asUser, folderOf, type TestUser, testUser } from '../../helpers/users.ts';
import { asEach, tools } from './arena.ts';

const attacker = testUser('plain');
const { folder: programs } = tools('exchange');
const tries = 40;
const forged = '99.0.0';

describe.skipIf(!attacker.ok || process.getuid?.() !== 0)(
  `a store of somebody else${attacker.why}`,
  () => {
    asEach(['root', 'user with a range'], (arena) => {
      let theirs: string;
      let running: ChildProcess | undefined;
      const their = (name: string) => join(theirs, name);
      const list = (name: string) => arena().mpkit(['emulator', 'ls', '--root', their(name)]);

      beforeAll(() => {
        theirs = folderOf(attacker);
        chmodSync(theirs, 0o755);
        const user = arena().caller === 'root' ? undefined : testUser('range');
        const owner = user ?? chooseIdMap(readHostIds()).owner;
        mkdirSync(their('state'), { mode: 0o700 });
        chownSync(their('state'), owner.uid, owner.gid);
        makeForgedStore(their('forged'), attacker);
        symlinkSync(their('forged'), their('link'));
        lchownSync(their('link'), attacker.uid, attacker.gid);
      });

      afterAll(async () => {
        if (running?.exitCode === null) {
          running.kill('SIGKILL');
          await once(running, 'close');
        }
        if (theirs) rmSync(theirs, { recursive: true });
      });

      it.each(['forged', 'link'])('E6 is refused before it is read: %s', async (name) => {
        const { exitCode, stdout, stderr } = await list(name);
        expect(exitCode, stderr).not.toBe(0);
        expect(stdout).not.toContain(forged);
        expect(stderr).toMatch(/^mpkit: .*state folder.*\nhint: .*`--root`/m);
      });

      it('E6 is not read where it is exchanged with the own one', async () => {
        const calm = await list('state');
        expect(calm.exitCode, calm.stderr).toBe(0);
        running = await exchange('state', 'forged');
        let refused = 0;
        for (let left = tries; left > 0; left--) {
          const { exitCode, stdout, stderr } = await list('state');
          expect(stdout).not.toContain(forged);
          if (exitCode === 0) continue;
          refused++;
          expect(stderr).toMatch(/^mpkit: (?!internal error)/m);
        }
        expect(running.exitCode, 'exchanges until the end').toBe(null);
        expect(refused, 'met the other one').toBeGreaterThan(0);
        const facts = ['state', 'forged', 'forged/emulators', 'state/emulators'].flatMap(
          (name) => statSync(their(name), { throwIfNoEntry: false })?.uid ?? [],
        );
        expect(facts, 'nothing of theirs was taken over').toContain(attacker.uid);
      });

      async function exchange(...names: string[]): Promise<ChildProcess> {
        const command = [join(programs, 'exchange'), '300', ...names.map(their)];
        const [program, ...words] = asUser(attacker, command);
        const child = spawn(program!, words, { stdio: ['ignore', 'pipe', 'inherit'] });
        await once(child.stdout!, 'data');
        return child;
      }
    });
  },
);

/** One record and one program, which everybody may read. */
function makeForgedStore(root: string, { uid, gid }: TestUser): void {
  const store = join(root, 'emulators/sha256');
  mkdirSync(store, { recursive: true });
  const hex = 'f'.repeat(64);
  const record = {
    ...{ architecture: 'arm64', version: forged, size: 1 },
    ...{ source: { kind: 'path', from: '/forged' }, digest: `sha256:${hex}` },
    added: new Date(0).toISOString(),
  };
  writeFileSync(join(store, hex), 'x');
  writeFileSync(join(store, `${hex}.json`), JSON.stringify(record));
  const folders = ['', 'emulators', 'emulators/sha256'].map((name) => join(root, name));
  for (const each of [...folders, join(store, hex), join(store, `${hex}.json`)])
    chownSync(each, uid, gid);
  for (const each of folders) chmodSync(each, 0o755);
}
