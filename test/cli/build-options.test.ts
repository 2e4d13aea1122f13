import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBuildOptions } from '../../src/cli/build-options.ts';

describe('the flags of build', () => {
  it('hold a comma in a quoted field of an output', () => {
    const { outputs } = readBuildOptions({ output: ['type=oci,"dest=a,b"'] }, ['.']);
    expect(outputs.map(({ dest }) => basename(dest))).toEqual(['a,b']);
  });

  it('say which output has a stray quote', () => {
    expect(() => readBuildOptions({ output: ['type=oci,dest="a,b"'] }, ['.'])).toThrow(
      'a quote is out of place',
    );
  });
});
