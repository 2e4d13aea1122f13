/** Row S18: whoever owns a folder that somebody else builds chooses nothing but its content. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { asUser, folderOf, testUser } from '../../helpers/users.ts';
import { asEach, tools } from './arena.ts';

const attacker = testUser('plain');
const { folder: programs } = tools('exchange');
const tries = 40;

describe.skipIf(!attacker.ok || process.getuid?.() !== 0)(
  `with somebody else in the folder${attacker.why}`,
  () => {
    asEach(['root', 'user with a range'], (arena) => {
      let theirs: string;
      let secret: string;
      let running: ChildProcess | undefined;
      const their = (name: string) => join(theirs, name);

      beforeAll(() => {
        theirs = folderOf(attacker);
        chmodSync(theirs, 0o755);
        // the folder itself stays the caller's; somebody else may not even list it
        arena().write({ 'private/Dockerfile': 'FROM scratch\nCOPY . /\n', 'private/secret': '' });
        secret = join(arena().folder, 'private');
        chmodSync(secret, 0o700);
        // in the place of mpkit's own program this one would run
        const mark = `require('node:fs').writeFileSync(${JSON.stringify(their('ran'))}, '')\n`;
        mkdirSync(their('context'));
        writeFileSync(their('context/Dockerfile'), 'FROM scratch\nCOPY file /\n');
        writeFileSync(their('context/file'), 'theirs');
        writeFileSync(their('context/main.js'), mark);
        mkdirSync(their('out'));
        chmodSync(their('out'), 0o777);
        symlinkSync(join(clone, 'dist'), their('program'));
        symlinkSync(secret, their('secret'));
        symlinkSync(secret, their('elsewhere'));
        for (const name of ['context', 'out', 'program', 'secret', 'elsewhere'])
          lchownSync(their(name), attacker.uid, attacker.gid);
      });

      afterEach(async () => {
        if (running?.exitCode !== null || running.signalCode !== null) return;
        running.kill('SIGKILL');
        await once(running, 'close');
      });

      afterAll(() => {
        if (theirs) rmSync(theirs, { recursive: true });
      });

      it('S18 exchanged folders and links lead no loan anywhere else', async () => {
        const words = ['build', '-o', `type=oci,dest=${their('out')}/image.tar`, their('context')];
        const calm = await arena().mpkit(words);
        expect(calm.exitCode, calm.stderr).toBe(0);
        running = await exchange(['context', 'program', 'context', 'secret', 'out', 'elsewhere']);
        for (let left = tries; left > 0; left--) {
          const { exitCode, stdout, stderr } = await arena().mpkit(words);
          // what succeeded built what is theirs, and put it where they can have it
          if (exitCode === 0) expect(stdout).toBe(calm.stdout);
          else expect(stderr).toMatch(/^mpkit: (?!internal error)/m);
          expect(existsSync(their('ran')), 'their program ran').toBe(false);
          expect(readdirSync(secret).sort()).toEqual(['Dockerfile', 'secret']);
        }
        expect(running.exitCode, 'exchanges until the end').toBe(null);
      });

      it('S18 a link is judged by what it was read to lead to', async () => {
        // whatever the exchanges of another test left behind
        for (const name of ['folder', 'good', 'evil', 'dangling'])
          rmSync(their(name), { recursive: true, force: true });
        mkdirSync(their('folder'));
        writeFileSync(their('folder/Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
        symlinkSync(their('folder'), their('good'));
        symlinkSync(secret, their('evil'));
        symlinkSync(join(secret, 'new'), their('dangling'));
        for (const name of ['folder', 'good', 'evil', 'dangling'])
          lchownSync(their(name), attacker.uid, attacker.gid);
        const build = (context: string, out: string) =>
          arena().mpkit(['build', '-o', `type=oci,dest=${out}/image.tar`, their(context)]);
        const refused = await build('good', their('dangling'));
        expect(refused.stderr).toContain(
          `\`${their('dangling')}\` is a link of user ${attacker.uid}`,
        );
        expect(refused.exitCode).toBe(1);
        const own = join(arena().folder, 'own');
        const calm = await build('good', own);
        expect(calm.exitCode, calm.stderr).toBe(0);
        running = await exchange(['good', 'evil']);
        for (let left = tries; left > 0; left--) {
          const { exitCode, stdout } = await build('good', own);
          if (exitCode === 0) expect(stdout).toBe(calm.stdout);
          expect(readdirSync(secret).sort()).toEqual(['Dockerfile', 'secret']);
        }
        expect(running.exitCode, 'exchanges until the end').toBe(null);
      });

      it('S18 what is lent is not looked up again below another loan', async () => {
        const words = (own: string) => [
          ...['build', '-f', '-', '--build-context', `docs=${own}/project/docs`],
          ...['-o', `type=oci,tar=false,dest=${own}/image`],
          ...['--metadata-file', `${own}/project/out/metadata.json`, `${own}/project`],
        ];
        const folders = (own: string) => {
          rmSync(own, { recursive: true, force: true });
          for (const name of ['', 'project', 'project/docs', 'project/out']) {
            mkdirSync(join(own, name));
            lchownSync(join(own, name), attacker.uid, attacker.gid);
            // so that the script below can do what they would
            chmodSync(join(own, name), 0o777);
          }
          writeFileSync(join(own, 'project/docs/file'), 'theirs');
        };
        const input = 'FROM scratch\nCOPY --from=docs . /\n';
        folders(their('calm'));
        const calm = await arena().mpkit(words(their('calm')), { input });
        expect(calm.exitCode, calm.stderr).toBe(0);
        // where the inside has the state folder, and everything else that is lent
        const places = ['mpkit-loan-0', 'mpkit-loan-0/layers', 'mpkit-loan-1', 'mpkit-loan-2'];
        for (const place of places) {
          const own = their('swapped');
          folders(own);
          const script = `(until [ -n "$(ls -A ${arena().root}/tmp)" ]; do sleep 0.1; done
            for name in docs out; do mv ${own}/project/$name ${own}/$name; ln -s /dev/shm/${place} ${own}/project/$name; done
            printf '${input.replaceAll('\n', '\\n')}') | "$0" "$@"`;
          const built = await arena().run([
            ...['sh', '-c', script, join(clone, 'bin/mpkit')],
            ...words(own),
          ]);
          expect(built.exitCode, built.stderr).toBe(0);
          expect(built.stdout).toBe(calm.stdout);
          expect(readdirSync(join(own, 'out'))).toEqual(['metadata.json']);
          expect(readdirSync(arena().root)).not.toContain('metadata.json');
        }
      });

      async function exchange(names: string[]): Promise<ChildProcess> {
        const command = [join(programs, 'exchange'), '300', ...names.map(their)];
        const [program, ...words] = asUser(attacker, command);
        const child = spawn(program!, words, { stdio: ['ignore', 'pipe', 'inherit'] });
        await once(child.stdout!, 'data');
        return child;
      }
    });
  },
);
