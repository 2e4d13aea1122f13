/** Every command that the README names beside its tour is typed here, or has a reason why not. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clone } from '../helpers/mpkit.ts';
import { requires } from '../helpers/requires.ts';
import { readJson, workplace } from './build/workplace.ts';

const readme = readFileSync(join(clone, 'README.md'), 'utf8').replace(/```[\s\S]*?```/g, '');
const named = new Set(
  [
    ...readme.matchAll(/`((?:sudo )?(?:mpkit|skopeo|npm|bench\/)[^`]*)`/g),
    ...readme.matchAll(/^ {4}(\S.*?)(?: +#.*)?$/gm),
  ]
    .map(([, text]) => text!)
    .filter((text) => /[ /]/.test(text)),
);

/** Not typed here, and why. */
const elsewhere = new Map([
  ['mpkit build', 'a verb alone: the tour types it with arguments'],
  ['mpkit run', 'a verb alone: the tour types it with arguments'],
  ['mpkit build -f - DIR', 'integration/build/stdin'],
  ['mpkit build -', 'integration/build/stdin'],
  ['mpkit doctor', 'the tour types it'],
  ['mpkit binfmt', 'a verb alone: the tour types it with arguments'],
  ['mpkit bench', 'a verb alone: integration/bench types it with arguments'],
  ['npm start', 'integration/readme types what it starts'],
  ['npm test', 'runs this very test'],
  ['npm install -g .', 'would change this machine'],
  ['sudo mpkit binfmt install all --persist', 'changes the whole host: integration/binfmt'],
  ['mpkit binfmt uninstall all', 'changes the whole host: integration/binfmt'],
  ['mpkit bench --platform linux/arm64,linux/s390x', 'takes minutes: integration/bench'],
  ['mpkit bench --emulators', 'takes minutes: integration/bench'],
  ['mpkit bench --build CONTEXT', 'takes minutes: integration/bench'],
  ['mpkit emulator choose arm64 VERSION --cpu MODEL', 'integration/emulator/choose'],
  ['mpkit emulator add PATH', 'integration/emulator'],
  ['bench/run-echo', 'compares with another program for minutes'],
  ['bench/cached', 'measures for a minute'],
]);

/** Typed here, in this order; what stands for a name is filled in. */
const typed = new Map([
  ['skopeo copy --all oci:tour/image:1 docker://…', ['docker://…', 'oci:pushed:1']],
  ['mpkit run oci-archive:FILE', ['FILE', 'file.tar -- true']],
  ['mpkit emulator choose arm64 --default', ['', '']],
  ['mpkit check', ['', '']],
  ['mpkit prune', ['', '']],
  ['mpkit prune --all', ['', '']],
] as [string, [string, string]][]);

const place = workplace();
const skopeo = requires('skopeo');
afterAll(place.remove);
beforeAll(async () => {
  mkdirSync(join(place.folder, 'tour'));
  const args = ['--platform', 'linux/amd64,linux/arm64', '-t', 'tour:1'];
  const outputs = ['type=oci,dest=tour/image,tar=false', 'type=oci,dest=file.tar'];
  const built = await place.build({
    dockerfile: 'FROM base\nCOPY Dockerfile /note',
    args: [...args, ...outputs.flatMap((output) => ['-o', output])],
  });
  expect(built.exitCode, built.stderr).toBe(0);
});

describe('the commands of the README', () => {
  it('are all typed by a test, or have a reason why not', () => {
    expect([...named].sort()).toEqual([...elsewhere.keys(), ...typed.keys()].sort());
  });

  for (const [text, [name, filled]] of typed) {
    const words = text.replace(name, filled).split(' ');
    const isCopy = words[0] === 'skopeo';
    it.skipIf(isCopy && !skopeo.ok)(`${text} works${isCopy ? skopeo.why : ''}`, async () => {
      if (isCopy) {
        const args = ['--insecure-policy', ...words.slice(1)];
        execFileSync('skopeo', args, { cwd: place.folder, stdio: 'pipe' });
        return expect(variantsOf('pushed')).toEqual(variantsOf('tour/image'));
      }
      const result = await place.mpkit(words.slice(1));
      expect(result.exitCode, result.stderr).toBe(0);
    });
  }
});

/** The manifests of a layout's index, each of which must be there. */
function variantsOf(layout: string): string[] {
  const folder = join(place.folder, layout);
  const [first] = readJson(folder, 'index.json').manifests;
  const { manifests } = readJson(folder, `blobs/${first.digest.replace(':', '/')}`);
  return manifests.map(({ digest }: { digest: string }) => {
    readFileSync(join(folder, 'blobs', digest.replace(':', '/')));
    return digest;
  });
}
