/** Contexts that docker's tools take and mpkit does not: named, with what to write instead. */
import { MpkitError } from '../errors.ts';

/** For a text that names no folder here; undefined where it is simply a missing one. */
export function foreignContext(text: string): MpkitError | undefined {
  const found = kinds.find(({ pattern }) => pattern.test(text));
  if (!found) return undefined;
  const { what, hint } = found;
  return new MpkitError('not-supported', `\`${text}\` is ${what}`, { hint });
}

const layout = '`NAME=oci-layout://DIR`';

const kinds = [
  {
    pattern: /^docker-image:\/\//,
    what: 'an image of a registry: mpkit pulls none yet',
    hint: `\`skopeo copy docker://IMAGE oci:DIR\`, then ${layout}`,
  },
  {
    pattern: /^target:/,
    what: 'a target of a bake file, which mpkit does not read',
    hint: `build it with \`-o type=oci,dest=DIR,tar=false\`, then ${layout}`,
  },
  {
    pattern: /^oci(-layout)?:/,
    what: 'no form of a layout that is known here',
    hint: 'a layout is written `oci-layout://DIR`, with two slashes before DIR, and is given by `--build-context`',
  },
  {
    pattern: /^https?:\/\/(?!.*\.git(#|$))/i,
    what: 'an address: mpkit fetches no contexts yet',
    hint: 'fetch it first: `curl -L URL | mpkit build -` for an archive or a Dockerfile, `git clone` for a repository',
  },
  {
    pattern: /^((https?|git|ssh):\/\/|[\w.-]+@[\w.-]+:|github\.com\/)/i,
    what: 'a Git repository: mpkit fetches no contexts yet',
    hint: 'clone it first: `git clone URL DIR`, then give DIR',
  },
  {
    pattern: /^[a-z][a-z0-9+.-]*:\/\//i,
    what: 'no context that is known here',
    hint: 'expected a folder, or for `--build-context` also oci-layout://DIR or oci-archive:FILE',
  },
];
