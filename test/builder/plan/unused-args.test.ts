// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Dockerfiles have variables too
import { expect, it } from 'vitest';
import { parseDockerfile } from '../../../src/builder/dockerfile/index.ts';
import { unusedArgs } from '../../../src/builder/plan/index.ts';

const dockerfile = [
  'ARG global',
  'FROM ${base} AS skipped',
  'ARG other=1',
  'FROM --platform=$where scratch',
  'ARG VERSION NAME',
].join('\n');

const warnings = (...names: string[]) =>
  unusedArgs(
    parseDockerfile(dockerfile, 'Dockerfile'),
    new Map(names.map((name) => [name, 'value'])),
  );

it.each([
  ...['global', 'other', 'VERSION', 'NAME', 'base', 'where'],
  ...['HTTP_PROXY', 'no_proxy', 'ALL_PROXY', 'TARGETOS', 'BUILDPLATFORM', 'TARGETSTAGE'],
  ...['SOURCE_DATE_EPOCH', 'BUILDKIT_INLINE_CACHE', 'BUILDKIT_SYNTAX'],
])('%s is used, or needs no ARG', (name) => expect(warnings(name)).toEqual([]));

it('tells the others, with what may have been meant', () => {
  expect(warnings('VERSOIN', 'unheard', 'version', 'NAME')).toEqual([
    'warning: build argument `VERSOIN` is used by no ARG: did you mean `VERSION`?',
    'warning: build argument `unheard` is used by no ARG',
    'warning: build argument `version` is used by no ARG',
  ]);
});
