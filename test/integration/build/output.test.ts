/** What a build writes, judged by the image-spec's schemas and by other people's tools. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hasSuite, type Kind, needsSuite, violations } from '../../builder/image/schemas.ts';
import { clone } from '../../helpers/mpkit.ts';
import { requires } from '../../helpers/requires.ts';
import { readBlob, readJson, workplace } from './workplace.ts';

const skopeo = requires('skopeo');
const umoci = requires('umoci');
const script = requires('script');
const place = workplace();
afterAll(() => place.remove());

const dockerfile = `FROM base
RUN rm /bin/ls && mkdir /d && echo x > /d/x && ln /d/x /d/y && ln -s x /d/l && chmod 4755 /d/x
RUN rm -r /d && mkdir /d && echo z > /d/z
COPY f /a/b/
ENV a=b
LABEL l=m
USER nobody
EXPOSE 80
VOLUME /v
WORKDIR /w
STOPSIGNAL SIGQUIT
ENTRYPOINT ["cat"]
CMD ["/a/b/f"]
`;
const files = { f: 'f' };
const tags = ['-t', 'app:1', '-t', 'example.org:5000/team/app', '-t', 'app'];

const one = () => place.build({ dockerfile, files, context: 'one', args: tags });
const several = () =>
  place.build({
    dockerfile,
    files,
    context: 'several',
    args: [...tags, '--platform', 'linux/amd64,linux/arm/v7,linux/s390x'],
  });

describe.each([
  ['one platform: a plain manifest', one, 'manifest'],
  ['several platforms: an index', several, 'index'],
] as const)('%s', (_, build, kind) => {
  it.skipIf(!hasSuite)(`is valid in every document${needsSuite}`, async () => {
    const { out, exitCode, stderr, stdout } = await build();
    expect(exitCode, stderr).toBe(0);
    const check = (name: Kind, document: unknown) =>
      expect(violations(name, document)).toBeUndefined();
    check('layout', readJson(out, 'oci-layout'));
    const index = readJson(out, 'index.json');
    check('index', index);
    const entries: { digest: string; mediaType: string; annotations: Record<string, string> }[] =
      index.manifests;
    expect(new Set(entries.map(({ digest }) => digest))).toEqual(new Set([stdout.trim()]));
    expect(
      entries.map(({ annotations }) => annotations['org.opencontainers.image.ref.name']),
    ).toEqual(['1', 'latest', 'latest']);
    expect(entries[0]?.mediaType).toBe(`application/vnd.oci.image.${kind}.v1+json`);
    const root = readBlob(out, stdout.trim());
    check(kind, root);
    for (const each of kind === 'index' ? root.manifests : [entries[0]]) {
      check('descriptor', each);
      const manifest = readBlob(out, each.digest);
      check('manifest', manifest);
      const config = readBlob(out, manifest.config.digest);
      check('config', config);
      expect(config.rootfs.diff_ids).toHaveLength(manifest.layers.length);
    }
  });

  it.skipIf(!skopeo.ok)(`is read and copied whole by skopeo${skopeo.why}`, async () => {
    const { out } = await build();
    const run = (...args: string[]) =>
      execFileSync('skopeo', args, { encoding: 'utf8', stdio: 'pipe' });
    const inspected = JSON.parse(run('inspect', `oci:${out}:1`));
    expect(inspected).toMatchObject({ Labels: { l: 'm' }, Architecture: 'amd64' });
    run('copy', '--all', '--insecure-policy', `oci:${out}:1`, `dir:${place.folder}/${kind}-copied`);
    expect(readFileSync(join(place.folder, `${kind}-copied/manifest.json`))).toEqual(
      readFileSync(
        join(
          out,
          'blobs/sha256',
          JSON.parse(readFileSync(join(out, 'index.json'), 'utf8')).manifests[0].digest.slice(7),
        ),
      ),
    );
  });
});

it.skipIf(!skopeo.ok)(`an archive is read by skopeo${skopeo.why}`, async () => {
  const archive = join(place.folder, 'archive.tar');
  const args = ['-t', 'app:1', '-o', `type=oci,dest=${archive}`];
  const result = await place.build({ dockerfile, files, args });
  expect(result.exitCode, result.stderr).toBe(0);
  const text = execFileSync('skopeo', ['inspect', '--config', `oci-archive:${archive}`], {
    encoding: 'utf8',
  });
  expect(JSON.parse(text).config).toMatchObject({ User: 'nobody', StopSignal: 'SIGQUIT' });
});

it('is written to a path that holds a comma, in quotes', async () => {
  const field = `"dest=${join(place.folder, 'a,b')}"`;
  const args = ['-o', `type=oci,${field},tar=false`];
  const { exitCode, stderr } = await place.build({ dockerfile: 'FROM base\n', args });
  expect(exitCode, stderr).toBe(0);
  const layout = readJson(join(place.folder, 'a,b'), 'oci-layout');
  expect(layout).toEqual({ imageLayoutVersion: '1.0.0' });
});

describe('an archive on stdout', () => {
  const to = (command: string, more = '') =>
    place.run([
      ...['bash', '-o', 'pipefail', '-c'],
      `"$0" build --build-context base=oci-layout://${place.base} ${more} -o type=oci,dest=- piped | ${command}`,
      join(clone, 'bin/mpkit'),
    ]);
  const prepare = () => place.write({ 'piped/Dockerfile': dockerfile, 'piped/f': 'f' });

  it('is whole, the same as a file, and all that is there', async () => {
    prepare();
    const piped = await to(
      `cat > ${place.folder}/piped.tar`,
      '-t app:1 -o type=oci,dest=written.tar',
    );
    expect(piped.exitCode, piped.stderr).toBe(0);
    const bytes = readFileSync(join(place.folder, 'piped.tar'));
    expect(bytes.equals(readFileSync(join(place.folder, 'written.tar')))).toBe(true);
    const listed = await to('tar -tf -');
    expect(listed.stdout).toMatch(/^oci-layout\nindex\.json\nblobs\/\nblobs\/sha256\/\n/);
    expect(listed.stderr).toMatch(/^=> linux\/\w+ sha256:/m);
  });

  it.skipIf(!skopeo.ok)(`is copied on by skopeo${skopeo.why}`, async () => {
    prepare();
    const copy = 'skopeo copy --insecure-policy oci-archive:p.tar dir:out-of-pipe';
    const { exitCode, stderr } = await to(
      `cat > p.tar && skopeo inspect oci-archive:p.tar && ${copy}`,
    );
    expect(exitCode, stderr).toBe(0);
  });

  it('fails where its reader leaves', async () => {
    prepare();
    const { exitCode, stderr } = await to('head -c 1000 > /dev/null');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('EPIPE');
  });

  it.each([
    [
      ['-o', 'type=oci,dest=-', '-o', 'type=oci,dest=-'],
      'only one output can be written to stdout',
    ],
    [['-o', 'type=oci,dest=-,tar=false'], 'a folder cannot be written to stdout'],
  ])('%j is refused', async (args, message) => {
    prepare();
    const refused = await place.mpkit(['build', ...args, 'piped']);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain(message);
  });

  it.skipIf(!script.ok)(`is not written to a terminal${script.why}`, async () => {
    prepare();
    const command = `${join(clone, 'bin/mpkit')} build -o type=oci,dest=- piped`;
    const { exitCode, stdout } = await place.run(['script', '-qec', command, '/dev/null']);
    expect(exitCode).toBe(2);
    expect(stdout).toContain('an archive is not written to a terminal');
  });
});

it.skipIf(!umoci.ok)(`is unpacked by umoci as it was built${umoci.why}`, async () => {
  const { out } = await one();
  const bundle = join(place.folder, 'bundle');
  rmSync(bundle, { recursive: true, force: true });
  execFileSync('umoci', ['unpack', '--rootless', '--image', `${out}:1`, bundle], { stdio: 'pipe' });
  const list = execFileSync('find', ['a', 'd', 'bin', 'w', '-printf', '%p %M\\n'], {
    cwd: join(bundle, 'rootfs'),
    encoding: 'utf8',
  }).split('\n');
  expect(list.filter((line) => !line.startsWith('bin')).sort()).toEqual([
    '',
    'a drwxr-xr-x',
    'a/b drwxr-xr-x',
    'a/b/f -rw-r--r--',
    'd drwxr-xr-x',
    'd/z -rw-r--r--',
    'w drwxr-xr-x',
  ]);
  expect(list).toContain('bin/cat lrwxrwxrwx');
  expect(list).not.toContain('bin/ls lrwxrwxrwx');
});
