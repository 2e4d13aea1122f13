import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatReference, parseReference, parseTag } from '../../../src/builder/image/reference.ts';
import { effort } from '../../helpers/speed.ts';

const suite = join(import.meta.dirname, '../../../../shared/suites/reference');
const hasSuite = existsSync(suite);
const needsSuite = hasSuite ? '' : ' (skipped: ../shared/suites/reference is missing)';

describe.skipIf(!hasSuite)(`names as distribution/reference reads them${needsSuite}`, () => {
  it('takes the same ones', () => {
    const cases = casesOf<{ input: string; valid: boolean }>('normalized_valid');
    expect(cases.filter(({ input, valid }) => isTaken(input) !== valid)).toEqual([]);
    expect(cases.length).toBeGreaterThan(50);
  });

  it('splits and completes them alike', () => {
    type Case = { inputs: string[]; domain: string; path: string; full: string };
    for (const { inputs, domain, path, full } of casesOf<Case>('normalized_parts'))
      for (const input of inputs) {
        const reference = parseReference(input);
        expect(reference).toEqual({ domain, path });
        expect(formatReference(reference)).toBe(full);
      }
  });

  it('splits names with tags, digests and addresses alike', () => {
    type Case = { input: string; domain: string; tag: string; digest: string; error?: string };
    let compared = 0;
    for (const { input, domain, tag, digest, error } of casesOf<Case>('parse')) {
      // without a domain the strict form and the completed one differ
      if (error || !domain || (digest && !/^sha256:[0-9a-f]{64}$/.test(digest))) continue;
      if (!/[.:]|^localhost$/.test(domain)) continue;
      expect(parseReference(input)).toMatchObject({
        domain,
        ...(tag && { tag }),
        ...(digest && { digest }),
      });
      compared++;
    }
    expect(compared).toBeGreaterThan(5);
  });

  it('gives containerd the same full name', () => {
    for (const { input, expected } of casesOf<{ input: string; expected: string }>('docker_ref')) {
      if (input.includes('@')) expect(() => parseTag(input)).toThrow('a tag cannot hold a digest');
      else expect(formatReference(parseTag(input))).toBe(expected);
    }
  });
});

describe('parseTag', () => {
  it.each([
    ['App', 'invalid image name `App`: a name must be in lower case'],
    ['a b', 'invalid image name `a b`: expected `[domain/]name[:tag][@digest]`'],
    ['app:', 'invalid image name `app:`: expected `[domain/]name[:tag][@digest]`'],
    ['../x', 'invalid image name `../x`: expected `[domain/]name[:tag][@digest]`'],
    [`app@sha256:${'a'.repeat(64)}`, 'a tag cannot hold a digest'],
  ])('refuses %s', (text, message) => {
    expect(() => parseTag(text)).toThrow(message);
    expect(() => parseTag(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('is quick about long names', async () => {
    const look = () => {
      expect(isTaken(`${'a-'.repeat(50_000)}!`)).toBe(false);
      expect(isTaken(`${'a.'.repeat(50_000)}!`)).toBe(false);
    };
    expect(await effort(look)).toBeLessThan(1000);
  });
});

function casesOf<T>(name: string): T[] {
  return JSON.parse(readFileSync(join(suite, `${name}.json`), 'utf8')).cases;
}

function isTaken(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}
