/**
 * Rows M1 to M7. This version has no mounts in RUN: that none gets through is what the rows ask of
 * it; what they say of throw-away layers and of cache keys holds for the rest.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readImage, stepOutput, steps } from '../build/workplace.ts';
import { asEach } from './arena.ts';
import { hostileBase } from './hostile-base.ts';

const mounts: [row: string, option: string][] = [
  ['M1', 'from=stage,source=/r,target=/x,rw'],
  ['M1', 'type=bind,from=stage,source=/r,target=/x'],
  ['M2', 'type=cache,id=../../canary,target=/x'],
  ['M2', 'type=cache,id=a,source=../..,target=/x'],
  ['M3', 'type=cache,id=shared,source=sub,target=/x'],
  ['M4', 'type=tmpfs,target=/d/c'],
  ['M5', 'type=bind,bind-propagation=x,target=/x'],
  ['M5', 'type=bind,unknown=x,target=/x'],
  ['M5', 'type=x,target=/x'],
  ['M5', 'type=secret,id=x'],
  ['M5', 'type=ssh'],
  ['M5', ''],
  ['M6', 'type=bind,rw,target=/x'],
];

asEach(['root', 'user with a range'], (arena) => {
  it.each(mounts)('%s `--mount=%s` is refused', async (_, option) => {
    const { exitCode, stderr } = await arena().build({
      dockerfile: `FROM base AS stage\nRUN ln -s / /r\nFROM base\nRUN --mount=${option} echo reached\n`,
    });
    expect({ exitCode, steps: stepOutput(stderr) }).toEqual({ exitCode: 1, steps: [] });
    expect(stderr).toContain('mpkit: `RUN --mount` is not supported by mpkit yet');
    expect(stderr).toMatch(/Dockerfile:4$/m);
  });

  it('M5 no other spelling is taken for a mount, or for a command', async () => {
    for (const flag of ['--mount', '--Mount=type=bind', '--mounts=type=bind', '--volume=/:/x']) {
      const { exitCode, stderr } = await arena().build({
        dockerfile: `FROM base\nRUN ${flag} echo reached\n`,
      });
      expect({ flag, exitCode, steps: stepOutput(stderr) }).toEqual({
        flag,
        exitCode: 1,
        steps: [],
      });
      expect(stderr).toMatch(/Dockerfile:2$/m);
    }
  });

  it('M4 a step can neither move nor replace what is mounted in it, and no stub of it stays', async () => {
    const { folder, secret } = arena().canary;
    const { exitCode, stderr, image } = await arena().build({
      dockerfile: `FROM base
RUN for f in hosts resolv.conf; do mv /etc/$f /x; rm /etc/$f; \
  ln -sf ${folder}/secret /etc/$f; mv /etc /moved; done 2>&1 | grep -cv 'resource busy'; true
RUN ls /etc; cat /etc/hosts
`,
    });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).not.toContain(secret);
    expect(stepOutput(stderr)).toContain('hosts');
    expect(image().layers.at(-1)?.size).toBe(0);
    expect(image().entry('etc/hosts')).toBeUndefined();
  });

  it('M6 a build changes nothing in its context', async () => {
    const files = { 'same/a': 'a', 'same/d/b': 'b' };
    arena().write(files);
    const describe = () =>
      ['', 'a', 'd', 'd/b'].map((name) => {
        const { mtimeMs, ctimeMs, mode, nlink } = statSync(join(arena().folder, 'same', name));
        return [name, mtimeMs, ctimeMs, mode, nlink];
      });
    const dockerfile = 'FROM base\nCOPY . /x\nRUN rm -r /x/d; echo changed > /x/a\n';
    arena().write({ 'same/Dockerfile': dockerfile });
    const before = describe();
    const words = ['build', '--build-context', `base=oci-layout://${arena().base}`, 'same'];
    expect((await arena().mpkit(words)).exitCode).toBe(0);
    expect(describe()).toEqual(before);
    expect(readFileSync(join(arena().folder, 'same/a'), 'utf8')).toBe('a');
    expect(readdirSync(join(arena().folder, 'same')).sort()).toEqual(['Dockerfile', 'a', 'd']);
  });

  it('M7 images that differ in their description only are not the same image', async () => {
    const digests = new Set<string>();
    const lines = ['LABEL a=b', 'LABEL a=c', 'ENV A=b', 'ENV A=c', 'USER 1', 'EXPOSE 1', ''];
    for (const line of lines) {
      const { image, stderr } = await arena().build({
        dockerfile: `FROM scratch\nCOPY f /\n${line}\n`,
        files: { f: 'f' },
      });
      expect(stderr).toMatch(/ DONE | CACHED/);
      digests.add(image().manifest.config.digest);
    }
    expect(digests.size).toBe(lines.length);
  });

  it('M7 an image that only looks like a finished step is not used as one', async () => {
    const dockerfile = 'FROM base\nRUN echo good > /made\n';
    const good = await arena().build({ dockerfile });
    const lookalike = hostileBase(arena(), [{ name: 'made', content: 'evil\n' }], (config) => {
      config.history = readImage(good.out).config.history;
    });
    const layout = lookalike[1]?.replace('base=', 'evil=') as string;
    const { stderr, image } = await arena().build({
      dockerfile: `FROM evil AS evil\nRUN true\n${dockerfile}COPY --from=evil /made /evil\n`,
      args: ['--no-cache', '--build-context', layout],
    });
    expect(image().text('made'), stderr).toBe('good\n');
    expect(image().text('evil')).toBe('evil\n');
    const again = await arena().build({
      dockerfile: `FROM evil AS evil\nRUN true\n${dockerfile}`,
      args: ['--build-context', layout],
    });
    expect(again.image().text('made')).toBe('good\n');
    expect(steps(again.stderr).cached).toContain('RUN echo good > /made');
  });
});
