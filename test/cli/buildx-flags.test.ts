import { describe, expect, it } from 'vitest';
import { buildFlags, readProgress } from '../../src/cli/build-options.ts';
import { withoutBuildxFlags } from '../../src/cli/buildx-flags.ts';
import type { MpkitError } from '../../src/errors.ts';

const read = (...words: string[]) => withoutBuildxFlags(words, buildFlags);
const refusal = (...words: string[]) => {
  try {
    return { words: read(...words) };
  } catch (error) {
    const { code, message } = error as MpkitError;
    return { code, message };
  }
};

describe('flags of buildx', () => {
  it('that change nothing are accepted, with their values in the same or the next word', () => {
    const nothing = '--pull --rm --force-rm=true --push=false --load=false --provenance=false';
    const more = '--sbom false --attest type=sbom,disabled=true --allow network.host --call build';
    expect(read(...nothing.split(' '), '-t', 'a', ...more.split(' '), '.')).toEqual([
      '-t',
      'a',
      '.',
    ]);
  });

  it('may say true and false to a switch that mpkit has', () => {
    expect(read('--no-cache=false', '--quiet=true', '.')).toEqual(['--quiet', '.']);
  });

  it.each(['1', 't', 'T', 'true', 'True', 'TRUE'])('call %s true, as Go does', (word) => {
    expect(read(`--no-cache=${word}`, '.')).toEqual(['--no-cache', '.']);
    expect(refusal(`--push=${word}`, '.').code).toBe('usage');
  });

  it.each(['0', 'f', 'F', 'false', 'False', 'FALSE'])('call %s false, as Go does', (word) => {
    expect(read(`--no-cache=${word}`, `--push=${word}`, `--provenance=${word}`)).toEqual([]);
  });

  it('refuse a switch that is neither', () => {
    expect(refusal('--no-cache=yes', '--pull=maybe', '.').message).toBe(
      '`--no-cache` is true or false, not `yes`; `--pull` is true or false, not `maybe`',
    );
  });

  it('are all named in one error, with what there is instead', () => {
    const { code, message } = refusal('--push', '--secret', 'id=a,src=b', '--labl=c', '-D', '.');
    expect(code).toBe('usage');
    expect(message).toBe(
      '`--push` is not supported yet (instead: `-o type=oci,dest=DIR,tar=false`, then `skopeo copy --all oci:DIR docker://NAME`); `--secret` is not supported yet; unknown option `--labl`; `-D` is not supported yet',
    );
  });

  it('leave values alone that look like flags of others', () => {
    expect(read('--build-arg=--push', '-t', 'a', '--', '--push')).toEqual([
      '--build-arg=--push',
      ...['-t', 'a', '--', '--push'],
    ]);
  });

  it.each(
    'add-host annotation attest builder cache-from cache-to call cgroup-parent iidfile label no-cache-filter provenance sbom secret shm-size ssh ulimit'.split(
      ' ',
    ),
  )('know --%s', (name) => {
    expect(refusal(`--${name}=x`, '.').message).toMatch(`\`--${name}\` is not supported yet`);
  });

  it.each(['check', 'load', 'push', 'debug', 'squash'])('know the switch --%s', (name) => {
    expect(refusal(`--${name}`, '.').message).toMatch(`\`--${name}\` is not supported yet`);
  });

  it('are bounded in an error', () => {
    const words = Array.from({ length: 500 }, (_, at) => `--unknown-${at}`);
    expect(refusal(...words).message).toMatch(/`--unknown-19`; and 480 more$/);
  });
});

describe('BUILDKIT_PROGRESS', () => {
  it.each([
    [{}, 'plain', 'plain'],
    [{ progress: 'auto' }, 'rawjson', 'rawjson'],
    [{ progress: 'tty' }, 'plain', 'tty'],
    [{ quiet: true }, 'plain', 'quiet'],
    [{}, 'none', 'quiet'],
    [{}, '', 'auto'],
  ])('with %j, %s: %s', (flags, environment, expected) => {
    expect(readProgress(flags, environment)).toBe(expected);
  });

  it('is named where it is wrong', () => {
    expect(() => readProgress({}, 'fancy')).toThrow('invalid BUILDKIT_PROGRESS `fancy`');
  });
});
