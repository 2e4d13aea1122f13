/** Where results go: nothing that is there is lost, and no reader is waited for in vain. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clone } from '../../helpers/mpkit.ts';
import { requires } from '../../helpers/requires.ts';
import { testUser } from '../../helpers/users.ts';
import { type Workplace, workplace } from './workplace.ts';

const skopeo = requires('skopeo');
const ordinary = testUser('range');
const mpkit = join(clone, 'bin/mpkit');
/** More than a pipe takes, however it is packed. */
const noise = randomBytes(1e6).toString('hex');

describe.each([
  ['root or whoever runs the tests', undefined, { ok: true, why: '' }],
  ['an ordinary user', ordinary, ordinary],
])('for %s', (_, user, { ok, why }) => {
  describe.skipIf(!ok)(`${why}`, () => {
    let place: Workplace;
    const at = (name: string) => join(place.folder, name);
    const pipe = (name: string) => place.run(['mkfifo', name]);
    const bash = (script: string) => place.run(['bash', '-c', script, mpkit]);

    beforeAll(() => {
      place = workplace(user || undefined);
      place.write({ 'ctx/Dockerfile': 'FROM scratch\nCOPY . /\n', 'ctx/large': noise });
    });
    afterAll(() => place?.remove());

    it('a pipe and a device are written into, and stay', async () => {
      await pipe('written');
      const both = await bash(
        'cat written > from-pipe & "$0" build -q -o type=oci,dest=written ctx && wait',
      );
      expect(both.exitCode, both.stderr).toBe(0);
      const asFile = await place.mpkit(['build', '-q', '-o', 'type=oci,dest=file.tar', 'ctx']);
      expect(asFile.exitCode, asFile.stderr).toBe(0);
      expect(readFileSync(at('from-pipe')).equals(readFileSync(at('file.tar')))).toBe(true);
      const told = await bash(
        'cat written > metadata & "$0" build -q --metadata-file written ctx && wait',
      );
      expect(told.exitCode, told.stderr).toBe(0);
      expect(JSON.parse(readFileSync(at('metadata'), 'utf8'))).toHaveProperty([
        'containerimage.digest',
      ]);
      expect(lstatSync(at('written')).isFIFO()).toBe(true);
      const device = ['build', '-q', '--metadata-file', '/dev/null', 'ctx'];
      expect(await place.mpkit(device)).toMatchObject({ exitCode: 0, stderr: '' });
      expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    });

    it.each([
      ['a pipe that nobody opens', '-o type=oci,dest=silent', ''],
      ['a pipe that nobody empties', '-o type=oci,dest=silent', 'sleep 600 < silent & other=$!;'],
      ['metadata for a pipe that nobody opens', '--metadata-file silent', ''],
    ])('%s is waited for no longer than the build may take', async (_name, words, before) => {
      await pipe('silent');
      const { exitCode, stderr } = await bash(
        `${before} timeout -s KILL 200 "$0" build --timeout 4 ${words} ctx; code=$?; [ -z "$other" ] || kill $other; exit $code`,
      );
      expect(stderr).toContain('the build did not end within 4 s');
      expect(exitCode).toBe(1);
    });

    it('stdout that nobody empties is left on a signal', async () => {
      const { stdout } = await bash(
        '(timeout -s TERM -k 200 4 "$0" build -o type=oci,dest=- ctx; echo $? > code) 2> log | sleep 6; cat code log',
      );
      // of `timeout`, which says that it did not have to kill
      expect(stdout).toMatch(/^124\n/);
      expect(stdout).toContain('mpkit: stopped; finished steps are kept');
    });

    it('the digest waits for no reader when a signal comes, metadata for none at all', async () => {
      const full = 'dd if=/dev/zero bs=64k count=1 status=none;';
      const { stdout } = await bash(
        `(${full} timeout -s TERM -k 200 4 "$0" build -q ctx; echo $? > code) | sleep 6
        (${full} timeout -s KILL 200 "$0" build -q --timeout 3 --metadata-file /dev/stdout ctx 2> log; echo $? >> code) | sleep 6
        cat code log`,
      );
      expect(stdout).toBe(
        '124\n1\nmpkit: the build did not end within 3 s\nhint: `--timeout SECONDS` allows more, 0 any time; finished steps are kept\n',
      );
    });

    it('names of stdout are stdout, other descriptors are refused at once', async () => {
      for (const name of ['-', '/dev/stdout', '/dev/fd/1', '//proc/self/fd/1']) {
        const listed = await bash(`"$0" build -q -o type=oci,dest=${name} ctx | tar -tf -`);
        expect(listed.stdout, listed.stderr).toMatch(/^oci-layout\nindex\.json\n/);
      }
      const metadata = await place.mpkit(['build', '-q', '--metadata-file', '/dev/stdout', 'ctx']);
      expect(metadata.stdout, metadata.stderr).toMatch(/^\{\n[\s\S]*\n\}\nsha256:[0-9a-f]{64}\n$/);
      for (const words of [
        '-o type=oci,dest=/dev/fd/3',
        '--metadata-file /proc/self/fd/3',
        '--metadata-file //dev/stderr',
        '-o type=oci,dest=/dev/../dev/stdin',
      ]) {
        const refused = await bash(`"$0" build ${words} ctx 3> three`);
        expect(refused.exitCode).toBe(2);
        expect(refused.stderr).toContain('is no place for a result');
      }
      const twice = '-o type=oci,dest=- --metadata-file /dev/stdout';
      const refused = await bash(`"$0" build ${twice} ctx | cat; exit \${PIPESTATUS[0]}`);
      expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    });

    it('a link to a device is neither followed nor replaced', async () => {
      await pipe('behind');
      symlinkSync('behind', at('link'));
      for (const words of [
        ['-o', 'type=oci,dest=link'],
        ['--metadata-file', 'link'],
      ]) {
        const refused = await place.mpkit(['build', ...words, 'ctx']);
        expect(refused.stderr).toMatch(/`[^`]*\/link` is a link to a device, pipe or socket/);
        expect(refused.exitCode).toBe(1);
      }
      expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
    });

    it.each(['.', '..', 'new/', 'gone/../up'])('a folder may be called %s', async (dest) => {
      const { exitCode, stderr } = await bash(
        `rm -rf free; mkdir -p free/in && cd free/in && "$0" build -q -o type=oci,tar=false,dest=${dest} ../../ctx`,
      );
      // the folder above holds the working folder
      if (dest === '..') expect(stderr).toContain('exists and is not an OCI layout');
      else expect(exitCode, stderr).toBe(0);
      expect(readdirSync(at('free')).filter((name) => name.startsWith('.'))).toEqual([]);
    });

    it.skipIf(!skopeo.ok)(`many builds to one folder all end well${skopeo.why}`, async () => {
      const builds = Array.from({ length: 6 }, (_each, number) => {
        place.write({ [`c${number}/Dockerfile`]: `FROM scratch\nLABEL n=${number}\n` });
        const words = ['build', '-q', '-o', 'type=oci,tar=false,dest=shared'];
        return async () => {
          for (let turn = 0; turn < 4; turn++) {
            const { exitCode, stderr } = await place.mpkit([...words, `c${number}`]);
            expect(exitCode, stderr).toBe(0);
          }
        };
      });
      await Promise.all(builds.map((each) => each()));
      execFileSync('skopeo', ['inspect', '--raw', `oci:${at('shared')}`], { stdio: 'pipe' });
      expect(readdirSync(place.folder).filter((name) => name.startsWith('.'))).toEqual([]);
    });

    it('a folder that is used for something else never becomes a state folder', async () => {
      place.write({ 'mine/letters/one': 'dear', 'mine/cache/two': 'x' });
      await place.run(['chmod', '755', 'mine']);
      for (const words of [
        ['prune', '--all'],
        ['emulator', 'ls'],
        ['build', 'ctx'],
      ]) {
        const refused = await place.mpkit([...words, '--root', at('mine')]);
        expect(refused.exitCode, refused.stderr).not.toBe(0);
        expect(refused.stderr).toMatch(/is no state folder: it holds|belongs to user/);
      }
      expect(readFileSync(at('mine/letters/one'), 'utf8')).toBe('dear');
      expect(lstatSync(at('mine')).mode & 0o777).toBe(0o755);
      expect(readdirSync(at('mine')).sort()).toEqual(['cache', 'letters']);
      // what somebody lays into one is not mpkit's to remove
      const fresh = at('fresh');
      expect((await place.mpkit(['build', '-q', '--root', fresh, 'ctx'])).exitCode).toBe(0);
      const inside = join(fresh, 'letter');
      await place.run(['touch', inside]);
      const made = existsSync(inside);
      expect((await place.mpkit(['prune', '--all', '--root', fresh])).exitCode).toBe(0);
      const left = ['in-use.lock', ...(made ? ['letter'] : [])];
      const found = readdirSync(fresh).filter((name) => name !== 'emulators');
      expect(found.sort()).toEqual(left);
    });

    it('waiting for a state folder that is being emptied ends with a signal', async () => {
      const held = at('held');
      expect((await place.mpkit(['build', '-q', '--root', held, 'ctx'])).exitCode).toBe(0);
      const stopped = 'timeout -s TERM -k 200 3 "$0"';
      const { stdout } = await bash(
        `exec 9< held/in-use.lock; flock -x 9
        ${stopped} build --root held ctx 9<&-; echo $?
        ${stopped} run --root held --rootfs ctx -- /x 9<&-; echo $?`,
      );
      expect(stdout).toBe('124\n124\n');
    });
  });
});
