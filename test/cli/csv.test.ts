import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/cli/csv.ts';

describe('readCsv', () => {
  it.each([
    ['type=oci,dest=a', ['type=oci', 'dest=a']],
    ['type=oci,"dest=a,b/o"', ['type=oci', 'dest=a,b/o']],
    ['"a ""b""",c', ['a "b"', 'c']],
    ['a,', ['a', '']],
    ['', ['']],
    ['"",a', ['', 'a']],
    ['a,"b', undefined],
    ['"a"b', undefined],
    ['dest="a,b"', undefined],
  ])('reads %s', (line, fields) => {
    expect(readCsv(line)).toEqual(fields);
  });
});
