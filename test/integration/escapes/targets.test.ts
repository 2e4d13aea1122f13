/** Rows S5, S6, S8, C1 and C2: paths that lead elsewhere, or change while they are used. */
import { spawnSync } from 'node:child_process';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { stepOutput } from '../build/workplace.ts';
import { asEach } from './arena.ts';
import { hostileBase } from './hostile-base.ts';

asEach(['root', 'user with a range'], (arena) => {
  it('S5 a mount target that is swapped all the time never leads outside', async () => {
    const { canary, folder, base } = arena();
    rmSync(join(folder, 'shared'), { recursive: true, force: true });
    arena().write({ 'shared/t/inside': '', 'other/mounted': '' });
    const run = (binds: string[], command: string) => {
      const volumes = binds.flatMap((each) => ['-v', join(folder, each)]);
      const image = `oci-layout://${base}`;
      return arena().mpkit(['run', ...volumes, image, '--', 'sh', '-c', command]);
    };
    const swapper = run(
      ['shared:/srv'],
      `cd /srv; i=0; until [ -e stop ] && [ $i -gt 100 ]; do i=$((i+1)); mv t d; \
       ln -s ${canary.folder} t; rm t; mv d t || exit 1; done; echo swapped`,
    );
    // The mount goes where its folder goes, so that it has to be looked for more than once.
    const look = `n=0; while [ $n -lt 2000 ]; do n=$((n+1)); \
      [ -e /srv/t/mounted ] && echo mounted && break; done; ls /srv/t/; cat /srv/t/secret`;
    let mounted = 0;
    try {
      for (let tries = 0; tries < 8 || (mounted === 0 && tries < 60); tries++) {
        const shown = await run(['shared:/srv', 'other:/srv/t'], look);
        expect(`${shown.stdout}${shown.stderr}`).not.toContain(canary.secret);
        expect(shown.stdout).not.toContain('ptmx');
        if (shown.stdout.startsWith('mounted\n')) mounted++;
      }
    } finally {
      writeFileSync(join(folder, 'shared/stop'), '');
    }
    expect(await swapper).toMatchObject({ stdout: 'swapped\n' });
    expect(mounted).toBeGreaterThan(0);
  });

  it('S6 nothing is mounted below `/proc` and `/sys`, by no name', async () => {
    const refused = await arena().build({
      dockerfile: 'FROM base\nRUN --mount=type=tmpfs,target=/proc/self/attr echo reached\n',
    });
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('mpkit: `RUN --mount` is not supported by mpkit yet'),
    });
    expect(refused.stderr).toContain('Dockerfile:2');
    const links = hostileBase(arena(), [
      { name: 'p', type: 'symlink', link: '/proc' },
      { name: 's', type: 'symlink', link: '/sys' },
    ])[1]?.replace('base=', '') as string;
    arena().write({ 'given/f': '' });
    const targets = ['/proc/self/attr', '/sys/fs', '/p/self/attr', '/s/fs', '/etc/../proc/1'];
    for (const target of targets) {
      const volume = `${join(arena().folder, 'given')}:${target}`;
      const shown = await arena().mpkit(['run', '-v', volume, links, '--', 'echo', 'reached']);
      expect({ target, stdout: shown.stdout }).toEqual({ target, stdout: '' });
      expect(shown.exitCode).not.toBe(0);
      expect(shown.stderr).toContain('nothing can be mounted below /proc and /sys');
    }
  });

  it('S8 folders and files are made inside the image, whatever links it has', async () => {
    const { folder } = arena().canary;
    const args = hostileBase(arena(), [
      { name: 'w', type: 'symlink', link: folder },
      { name: 'v', type: 'symlink', link: `..${folder}` },
      { name: folder.slice(1), type: 'directory' },
    ]);
    const made = await arena().build({
      dockerfile: `FROM base
WORKDIR /w/x
WORKDIR /v/y
COPY f /w/z/f
RUN echo step > g; ls ${folder}; mkdir /w/step
`,
      files: { f: 'copied' },
      args,
    });
    expect(stepOutput(made.stderr), made.stderr).toEqual(['x', 'y', 'z']);
    const nowhere = hostileBase(arena(), [
      { name: 'w', type: 'symlink', link: folder },
      { name: 'up', type: 'symlink', link: `../../..${folder}/up` },
      { name: 'chain', type: 'symlink', link: 'up/chain' },
      { name: 'loop', type: 'symlink', link: 'loop' },
      { name: 'file', content: '' },
      { name: 'onto', type: 'symlink', link: 'file/x' },
    ]);
    // what a link names is made inside the image, as BuildKit does
    const followed = await arena().build({
      dockerfile: `FROM base
WORKDIR /w/x
COPY f /up/y/
WORKDIR /chain/z
RUN cd ${folder}; find . | sort; stat -c %u:%a x up/chain; readlink /w
`,
      files: { f: 'copied' },
      args: nowhere,
    });
    expect(stepOutput(followed.stderr), followed.stderr).toEqual([
      ...['.', './up', './up/chain', './up/chain/z', './up/y', './up/y/f', './x'],
      ...['0:755', '0:755', folder],
    ]);
    for (const [line, message] of [
      ['WORKDIR /loop/x', 'too many symbolic links in `/loop`'],
      ['WORKDIR /onto', '`/onto` in the image is no folder'],
      ['COPY f /file/x/', '`/file` in the image is no folder'],
    ]) {
      const dockerfile = `FROM base\n${line}\n`;
      const refused = await arena().build({ dockerfile, files: { f: '' }, args: nowhere });
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain(message);
      expect(refused.stderr).toContain('Dockerfile:2');
    }
    arena().write({ 'bound/f': '' });
    const volume = `${join(arena().folder, 'bound')}:/w/y`;
    const layout = nowhere[1]?.replace('base=', '') as string;
    const bound = await arena().mpkit(['run', '-v', volume, layout, '--', 'echo', 'reached']);
    expect(bound).toMatchObject({ stdout: '' });
    expect(bound.exitCode).not.toBe(0);
  });

  it('C1 links of a stage are resolved in that stage, on both ends', async () => {
    const { folder, secret } = arena().canary;
    const dockerfile = (last: string) => `FROM base AS one
RUN ln -s ${folder} /t; mkdir -p ${folder}; echo stage > ${folder}/own
FROM base
RUN ln -s ${folder} /t; mkdir -p ${folder}
${last}
`;
    const into = await arena().build({
      dockerfile: dockerfile(`COPY --from=one /t/own /t/in\nCOPY f /t/\nRUN ls ${folder}`),
      files: { f: '' },
    });
    expect(stepOutput(into.stderr), into.stderr).toEqual(['f', 'in']);
    const from = await arena().build({ dockerfile: dockerfile('COPY --from=one /t/secret /x') });
    expect(from.exitCode).toBe(1);
    expect(from.stderr).toContain('] `/t/secret` not found');
    expect(from.stderr).toContain('Dockerfile:5');
    expect(from.stderr).not.toContain(secret);
  });

  it('C1 a context that is swapped all the time shows nothing of the host', async () => {
    const { canary, folder } = arena();
    const copies = Array.from({ length: 30 }, (_, n) => `COPY . /n${n}/`).join('\n');
    const files = Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`race/d/${n}`, 'inside'] as const),
    );
    rmSync(join(folder, 'race'), { recursive: true, force: true });
    arena().write({ ...files, 'race/d/secret': 'inside' });
    const at = (name: string) => join(folder, 'race', name);
    let swaps = 0;
    for (let tries = 0; tries < 4; tries++) {
      let ended = false;
      const build = arena().build({ dockerfile: `FROM base\n${copies}\n`, context: 'race' });
      void build.finally(() => {
        ended = true;
      });
      for (; !ended; swaps++) {
        renameSync(at('d'), at('e'));
        symlinkSync(canary.folder, at('d'));
        if (swaps % 3 === 0) await wait(1);
        rmSync(at('d'));
        renameSync(at('e'), at('d'));
        if (swaps % 5 === 0) await wait(1);
      }
      const { exitCode, stderr, out } = await build;
      expect(stderr).not.toContain(canary.secret);
      if (exitCode === 0) expect(holds(out, canary.secret)).toBe(false);
      else expect(stderr).toMatch(/^mpkit: .*\n.*Dockerfile:\d+$/m);
    }
    expect(swaps).toBeGreaterThan(100);
  });

  it('C2 links and ignore files of the context disclose nothing', async () => {
    const { canary, folder } = arena();
    const secret = join(canary.folder, 'secret');
    const link = (context: string, name: string) => {
      rmSync(at(context, name), { force: true });
      symlinkSync(secret, at(context, name));
    };
    const at = (context: string, name: string) => join(folder, context, name);
    arena().write({ 'leak/a': '', 'ignore/a': '', 'own/a': '' });
    link('leak', 'leak');
    const asSource = await arena().build({
      dockerfile: 'FROM base\nCOPY leak /x\n',
      context: 'leak',
    });
    expect(asSource.exitCode).toBe(1);
    expect(asSource.stderr).toContain('] `/leak` not found');
    expect(asSource.stderr).toContain('Dockerfile:2');
    const whole = await arena().build({
      dockerfile: 'FROM base\nCOPY . /x\n',
      context: 'leak',
    });
    expect(whole.image().entry('x/leak')).toBe(`lrwxrwxrwx 0/0 -> ${secret}`);
    expect(holds(whole.out, canary.secret)).toBe(false);
    link('ignore', '.dockerignore');
    link('own', 'Dockerfile.dockerignore');
    for (const context of ['ignore', 'own']) {
      const shown = await arena().build({ dockerfile: 'FROM base\nCOPY . /x\n', context });
      expect(shown.exitCode, shown.stderr).toBe(0);
      expect(`${shown.stderr}${holds(shown.out, canary.secret)}`).not.toContain(canary.secret);
    }
  });

  it('C2 a Dockerfile in the context is a regular file inside it', async () => {
    const { canary, folder } = arena();
    arena().write({ 'linked/a': '', 'fifo/a': '', 'pipe/Dockerfile': 'FROM scratch\nCOPY a /\n' });
    arena().write({ 'pipe/a': '' });
    rmSync(join(folder, 'linked/Dockerfile'), { force: true });
    symlinkSync(join(canary.folder, 'secret'), join(folder, 'linked/Dockerfile'));
    const linked = await arena().mpkit(['build', 'linked']);
    expect(linked.exitCode).toBe(1);
    expect(`${linked.stdout}${linked.stderr}`).not.toContain(canary.secret);
    const fifo = (path: string) => spawnSync('mkfifo', ['-m', '666', join(folder, path)]);
    fifo('fifo/Dockerfile');
    // whoever opened one would wait until the test is ended
    const piped = await arena().mpkit(['build', 'fifo']);
    expect(piped.exitCode).toBe(1);
    expect(piped.stderr).toContain('is no regular file');
    fifo('pipe/Dockerfile.dockerignore');
    const ignore = await arena().mpkit(['build', 'pipe']);
    expect(ignore.exitCode).toBe(1);
    expect(ignore.stderr).toContain('`Dockerfile.dockerignore` is no regular file');
  });
});

/** Whether a layout's blobs hold the text, in whichever compression. */
function holds(layout: string, text: string): boolean {
  const script = 'for f in "$0"/blobs/sha256/*; do zcat -f "$f"; done | grep -qaF "$1"';
  return spawnSync('sh', ['-c', script, layout, text]).status === 0;
}
