/** Rows C1–C17 of the feature table: what COPY puts where, with whose owner and mode. */
import { chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { errorText, type Spec, steps, workplace } from './workplace.ts';

const place = workplace();
afterAll(() => place.remove());

async function built(spec: Spec) {
  const result = await place.build(spec);
  expect(result.exitCode, result.stderr).toBe(0);
  return { ...result.image(), stderr: result.stderr };
}

async function refusal(spec: Spec): Promise<string> {
  const { exitCode, stderr } = await place.build(spec);
  expect(exitCode, stderr).toBe(1);
  return (errorText(stderr).split('\n')[0] as string).replace(/^(mpkit: )\[.*?\] /, '$1');
}

/** A context with links to what its ignore file is about. */
function linked(ignore: string): void {
  rmSync(join(place.folder, 'guarded'), { recursive: true, force: true });
  place.write({
    'guarded/.dockerignore': ignore,
    'guarded/secret/key': 'k',
    'guarded/secret/told': 't',
    'guarded/pub/f': 'f',
  });
  symlinkSync('../secret', join(place.folder, 'guarded/pub/dir'));
  symlinkSync('../secret/key', join(place.folder, 'guarded/pub/file'));
}

const names = (layer: Map<string, string> | undefined) => [...(layer?.keys() ?? [])];

describe('COPY of folders', () => {
  const files = { 'd/one': '1', 'd/sub/two': '2' };

  it.each(['d', 'd/', 'd/.', './d', '/d', '../../d'])(
    'copies the content of `%s`, not the folder (C1, C12)',
    async (source) => {
      const { layers } = await built({ dockerfile: `FROM scratch\nCOPY ${source} /to`, files });
      expect(names(layers.at(-1))).toEqual(['to', 'to/one', 'to/sub', 'to/sub/two']);
    },
  );

  it('merges: the target keeps its own mode, what both have takes that of the source (C5)', async () => {
    place.write({ 'merge/d/sub/new': 'n', 'merge/d/both': 'new' });
    chmodSync(join(place.folder, 'merge/d'), 0o700);
    chmodSync(join(place.folder, 'merge/d/sub'), 0o750);
    const { entry, text, layers } = await built({
      context: 'merge',
      dockerfile:
        'FROM base\nRUN mkdir -p -m 711 /to && mkdir -m 777 /to/sub && echo old > /to/both && echo kept > /to/sub/old && chown 5:6 /to /to/sub\nCOPY d /to/\nCOPY d /made',
    });
    expect(entry('to')).toBe('drwx--x--x 5/6');
    expect(entry('to/sub')).toBe('drwxr-x--- 0/0');
    expect([text('to/both'), text('to/sub/old')]).toEqual(['new', 'kept\n']);
    expect(layers.at(-1)?.get('made')).toBe('drwxr-xr-x 0/0');
  });

  it('refuses a folder over a file and a file over a folder (C4)', async () => {
    const over = await refusal({ dockerfile: 'FROM base\nRUN echo > /to\nCOPY d /to', files });
    expect(over).toMatch(/^mpkit: .*`\/to`/);
    const under = await refusal({
      dockerfile: 'FROM base\nRUN mkdir -p /to/one\nCOPY d /to',
      files,
    });
    expect(under).toBe('mpkit: cannot copy a file over a folder at `/to/one`');
  });
});

describe('COPY of files', () => {
  it('takes a new name, or goes into what ends with a slash or is a folder (C2)', async () => {
    const { layers } = await built({
      dockerfile: 'FROM base\nCOPY f /a/b/new\nCOPY f /c/d/\nCOPY f /srv\nCOPY f /srv/x',
      files: { f: 'f' },
    });
    expect(layers.slice(-4).map(names)).toEqual([
      ['a', 'a/b', 'a/b/new'],
      ['c', 'c/d', 'c/d/f'],
      ['srv', 'srv/f'],
      ['srv', 'srv/x'],
    ]);
    expect(layers.at(-4)?.get('a')).toBe('drwxr-xr-x 0/0');
  });

  it('of several sources goes into a folder; later ones win (C3)', async () => {
    const { layers, text } = await built({
      dockerfile: 'FROM scratch\nCOPY a/f b/f c /to/',
      files: { 'a/f': '1', 'b/f': '2', 'c/g': '3' },
    });
    expect(names(layers.at(-1))).toEqual(['to', 'to/f', 'to/g']);
    expect(text('to/f')).toBe('2');
  });

  it('belongs to 0:0 from a context, keeps its owner from a stage, whoever USER is (C6)', async () => {
    const { entry } = await built({
      dockerfile:
        'FROM base AS one\nRUN echo > /own && chown 7:8 /own && chmod 4755 /own\nFROM base\nUSER nobody\nCOPY f /f\nCOPY --from=one /own /own',
      files: { f: 'f' },
    });
    expect(entry('f')).toBe('-rw-r--r-- 0/0');
    expect(entry('own')).toBe('-rwsr-xr-x 7/8');
  });

  it('keeps modes, links, hard links and times; a socket becomes an empty file (C7)', async () => {
    rmSync(join(place.folder, 'kinds'), { recursive: true, force: true });
    place.write({ 'kinds/d/set': 's', 'kinds/d/one': '1' });
    const folder = join(place.folder, 'kinds/d');
    chmodSync(join(folder, 'set'), 0o6751);
    linkSync(join(folder, 'one'), join(folder, 'two'));
    symlinkSync('../../nowhere', join(folder, 'link'));
    mkdirSync(join(folder, 'sticky'));
    chmodSync(join(folder, 'sticky'), 0o1777);
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    const { layers } = await built({ context: 'kinds', dockerfile: 'FROM scratch\nCOPY d /' });
    server.close();
    expect(Object.fromEntries(layers.at(-1) ?? [])).toEqual({
      link: 'lrwxrwxrwx 0/0 -> ../../nowhere',
      one: '-rw-r--r-- 0/0',
      set: '-rwsr-s--x 0/0',
      socket: expect.stringMatching(/^-.* 0\/0$/),
      sticky: 'drwxrwxrwt 0/0',
      two: 'hrw-r--r-- 0/0 link to one',
    });
  });

  it('follows a link that is the source itself, within its root, and no other (C8)', async () => {
    rmSync(join(place.folder, 'links'), { recursive: true, force: true });
    place.write({ 'links/real/f': 'f' });
    symlinkSync('/real', join(place.folder, 'links/in'));
    symlinkSync('real/f', join(place.folder, 'links/file'));
    symlinkSync('f', join(place.folder, 'links/real/below'));
    const { layers } = await built({
      context: 'links',
      dockerfile: 'FROM scratch\nCOPY in /dir\nCOPY file /file',
    });
    expect(layers.map((layer) => [...layer])).toEqual([
      [
        ['dir', 'drwxr-xr-x 0/0'],
        ['dir/below', 'lrwxrwxrwx 0/0 -> f'],
        ['dir/f', '-rw-r--r-- 0/0'],
      ],
      [['file', '-rw-r--r-- 0/0']],
    ]);
  });

  it.each([
    ['a link itself', 'COPY pub/dir /to'],
    ['a link to a file', 'COPY pub/file /to'],
    ['a path through a link', 'COPY pub/dir/key /to'],
    ['a wildcard', 'COPY pub/* /to/'],
  ])('finds by %s nothing that `.dockerignore` leaves out', async (_, copy) => {
    linked('secret\n');
    const dockerfile = `FROM scratch\nCOPY pub /\n${copy}`;
    expect(await refusal({ context: 'guarded', dockerfile })).toMatch(/not found|leads to nothing/);
  });

  it('judges what lies behind a link by its own path', async () => {
    linked('secret/*\npub/dir/told\n!secret/told\n');
    const dockerfile = 'FROM scratch\nCOPY pub/dir /to';
    const { layers } = await built({ context: 'guarded', dockerfile });
    expect(names(layers.at(-1))).toEqual(['to', 'to/told']);
  });

  it('follows links of the image within the image (C9)', async () => {
    const { layers } = await built({
      dockerfile:
        'FROM base\nRUN mkdir /real && ln -s /real /abs && ln -s ../../../../real /up\nCOPY f /abs/a\nCOPY f /up/',
      files: { f: 'f' },
    });
    expect(layers.slice(-2).map(names)).toEqual([
      ['real', 'real/a'],
      ['real', 'real/f'],
    ]);
  });
});

describe('wildcards', () => {
  const files = { a1: '1', a2: '2', 'd1/x': 'x', 'd1/a3': '3', '[b]': 'b' };

  it.each([
    ['a*', ['a1', 'a2']],
    ['a?', ['a1', 'a2']],
    ['a[2-9]', ['a2']],
    ['d*', ['a3', 'x']],
    ['*/a*', ['a3']],
    ['[[]b]', ['[b]']],
    ['\\\\[b]', ['[b]']],
  ])('`%s` takes %j (C10)', async (source, found) => {
    const { layers } = await built({ dockerfile: `FROM scratch\nCOPY ${source} /to/`, files });
    expect(names(layers.at(-1)).slice(1)).toEqual(found.map((each) => `to/${each}`));
  });

  it('that match nothing copy nothing; a plain path that is missing is refused (C11)', async () => {
    const { layers } = await built({ dockerfile: 'FROM base\nCOPY z* a1 /srv/', files });
    expect(names(layers.at(-1))).toEqual(['srv', 'srv/a1']);
    expect((await place.build({ dockerfile: 'FROM base\nCOPY z* /srv/', files })).exitCode).toBe(0);
    expect(await refusal({ dockerfile: 'FROM base\nCOPY a1 z /srv/', files })).toMatch(
      /^mpkit: .*`\/z`.*not found/,
    );
  });

  it('take names that are not UTF-8, in byte order (C10)', async () => {
    place.write({ 'bytes/folder/x': '' });
    const name = (latin1: string) => Buffer.from(join(place.folder, 'bytes', latin1), 'latin1');
    for (const each of ['n\xe9', 'n\xff', 'nz']) writeFileSync(name(each), '');
    writeFileSync(name('folder/n\xe9'), '');
    const { layers } = await built({
      context: 'bytes',
      dockerfile: 'FROM scratch\nCOPY n* /to/\nCOPY fold*/n? /sub/',
    });
    // as tar shows them
    expect(names(layers[0])).toEqual(['to', 'to/nz', 'to/n\\351', 'to/n\\377']);
    expect(names(layers[1])).toEqual(['sub', 'sub/n\\351']);
  });

  it('refuse a link that leads to nothing, unless it is left out (C10)', async () => {
    place.write({ 'broken/f': '', 'broken/d/g': '' });
    for (const path of ['broken/link', 'broken/d/below'])
      rmSync(join(place.folder, path), { force: true });
    symlinkSync('nowhere', join(place.folder, 'broken/link'));
    symlinkSync('nowhere', join(place.folder, 'broken/d/below'));
    const attempt = (source: string, ignore: string) => ({
      context: 'broken',
      dockerfile: `FROM scratch\nCOPY ${source} /to/`,
      files: { '.dockerignore': ignore },
    });
    for (const source of ['l*', '*', 'lin?'])
      expect(await refusal(attempt(source, ''))).toBe(
        'mpkit: `/link` is a link that leads to nothing',
      );
    expect(await refusal(attempt('d/b*', ''))).toContain('`/d/below` is a link');
    const { layers } = await built(attempt('*', 'link\nDockerfile\n.dockerignore'));
    expect(names(layers[0])).toEqual(['to', 'to/below', 'to/f', 'to/g']);
  });
});

it('takes destinations from the working folder, variables included (C13)', async () => {
  const { layers } = await built({
    dockerfile: 'FROM base\nWORKDIR /w\nENV d=sub/\nCOPY f .\nCOPY f $d\nCOPY f ./g\nCOPY f ""',
    files: { f: 'f' },
  });
  expect(layers.slice(-4).map((layer) => names(layer).at(-1))).toEqual([
    'w/f',
    'w/sub/f',
    'w/g',
    'w/f',
  ]);
});

it('in JSON form takes names with blanks and expands variables (C14)', async () => {
  const { text } = await built({
    dockerfile: 'FROM base\nARG n=file\nCOPY ["a $n", "/to $n"]',
    files: { 'a file': 'blank' },
  });
  expect(text('to file')).toBe('blank');
});

describe('COPY --from', () => {
  it('takes a name in any case, an index, a context of files, an image (C15)', async () => {
    place.write({ 'other/o': 'other' });
    const { text, entry } = await built({
      dockerfile:
        'FROM base\nRUN echo zero > /z\nFROM base AS One\nRUN echo one > /o\nFROM scratch\nCOPY --from=0 /z /z\nCOPY --from=ONE /o /o\nCOPY --from=other o /other\nCOPY --from=base /bin/busybox /b',
      args: ['--build-context', `other=${place.folder}/other`],
    });
    expect([text('z'), text('o'), text('other')]).toEqual(['zero\n', 'one\n', 'other']);
    expect(entry('b')).toBe('-rwxr-xr-x 0/0');
  });

  it('takes the image of the platform that is built (C15)', async () => {
    const { stderr, exitCode, stdout } = await place.build({
      dockerfile: 'FROM scratch\nCOPY --from=base /bin/busybox /b',
      args: ['--platform', 'linux/s390x'],
    });
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^sha256:/);
  });

  it('refuses what is unknown or comes later', async () => {
    expect(await refusal({ dockerfile: 'FROM base\nCOPY --from=ghost /a /b' })).toBe(
      'mpkit: stage or context `ghost` is not known',
    );
    expect(
      await refusal({
        dockerfile: 'FROM base AS a\nCOPY --from=b /x /x\nFROM base AS b',
        args: ['--target', 'a'],
      }),
    ).toBe('mpkit: stage or context `b` is defined later or is the stage itself');
  });
});

describe('COPY --chown and --chmod', () => {
  const accounts =
    "FROM base\nRUN echo 'u:x:1000:1001::/:/bin/sh' >> /etc/passwd && echo 'g:x:1002:' >> /etc/group\n";
  it.each([
    ['u', '1000/1001'],
    ['u:g', '1000/1002'],
    ['u:5', '1000/5'],
    ['7', '7/7'],
    ['7:g', '7/1002'],
    ['1000', '1000/1000'],
  ])('--chown=%s gives %s, made parents included (C16, C2)', async (owner, ids) => {
    const { layers } = await built({
      dockerfile: `${accounts}ARG o=${owner}\nCOPY --chown=$o f /made/f`,
      files: { f: 'f' },
    });
    expect([...layers.at(-1)!.values()]).toEqual([`drwxr-xr-x ${ids}`, `-rw-r--r-- ${ids}`]);
  });

  it.each(['ghost', 'u:ghost'])('--chown=%s is refused (C16)', async (owner) => {
    expect(
      await refusal({ dockerfile: `${accounts}COPY --chown=${owner} f /f`, files: { f: '' } }),
    ).toMatch(/^mpkit: .*`ghost`.*\(of `--chown=.*ghost`\)$/);
  });

  it('--chmod takes an octal mode for files, folders and made parents (C17)', async () => {
    const { layers } = await built({
      dockerfile: 'FROM scratch\nCOPY --chmod=4751 d /made/to',
      files: { 'd/sub/f': 'f' },
    });
    expect(Object.fromEntries(layers.at(-1)!)).toEqual({
      made: 'drwsr-x--x 0/0',
      'made/to': 'drwsr-x--x 0/0',
      'made/to/sub': 'drwsr-x--x 0/0',
      'made/to/sub/f': '-rwsr-x--x 0/0',
    });
  });

  it.each(['8', '10000', 'rw'])('--chmod=%s is refused (C17)', async (mode) => {
    expect(
      await refusal({ dockerfile: `FROM scratch\nCOPY --chmod=${mode} f /`, files: { f: '' } }),
    ).toBe(`mpkit: invalid mode \`${mode}\` in \`--chmod\``);
  });
});

it('is found in the cache by content, names and modes, never by times (C28)', async () => {
  rmSync(join(place.folder, 'key'), { recursive: true, force: true });
  const dockerfile = 'FROM scratch\nCOPY f* /to/';
  const again = async (files: Record<string, string>) =>
    steps((await built({ context: 'key', dockerfile, files })).stderr).done;
  expect(await again({ f1: 'content' })).toEqual(['COPY f* /to/']);
  expect(await again({ f1: 'content' })).toEqual([]);
  chmodSync(join(place.folder, 'key/f1'), 0o755);
  expect(await again({})).toEqual(['COPY f* /to/']);
  rmSync(join(place.folder, 'key/f1'));
  expect(await again({ f2: 'content' })).toEqual(['COPY f* /to/']);
});
