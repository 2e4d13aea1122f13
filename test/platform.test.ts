// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the suite marks the host's values so
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  acceptablePlatforms,
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
  samePlatform,
} from '../src/platform.ts';

const suite = join(import.meta.dirname, '../../shared/suites/platforms');

interface ParseCase {
  input: string;
  expected: Platform;
  formatted: string;
  also_matches: Platform[];
}

const usage = expect.objectContaining({ code: 'usage' });

if (existsSync(suite)) {
  const load = (name: string) => JSON.parse(readFileSync(join(suite, name), 'utf8')).cases;

  describe('the cases of containerd/platforms', () => {
    for (const { input, expected, formatted, also_matches } of load('parse.json') as ParseCase[]) {
      if (input.includes('(')) {
        it(`${input}: versions and features of an operating system are refused`, () => {
          expect(() => parsePlatform(input)).toThrow(usage);
        });
        continue;
      }
      it(input, () => {
        const parsed = parsePlatform(input);
        expect(formatPlatform(parsed)).toBe(fillIn(formatted));
        expect(parsed.os).toBe(expected.os);
        expect(parsed.architecture).toBe(fillIn(expected.architecture));
        expect(parsed.variant ?? '').toBe(fillIn(expected.variant ?? ''));
        expect(parsePlatform(formatPlatform(parsed))).toEqual(parsed);
        for (const other of also_matches)
          expect(samePlatform(other, parsed), JSON.stringify(other)).toBe(true);
      });
    }

    for (const { input } of load('parse_invalid.json'))
      it(`${JSON.stringify(input)} is refused`, () => {
        expect(() => parsePlatform(input)).toThrow(usage);
      });
  });
} else {
  it.skip('the cases of containerd/platforms (no ../shared/suites here)', () => {});
}

describe('normalizing', () => {
  it.each([
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['linux/arm64/v8.0', 'linux/arm64'],
    ['linux/arm64/9', 'linux/arm64/v9'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/7', 'linux/arm/v7'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/i386/x', 'linux/386'],
    ['i686', 'linux/386'],
    ['linux/x86-64', 'linux/amd64'],
    ['linux/unheard', 'linux/unheard'],
  ])('%s is %s', (text, expected) => {
    expect(formatPlatform(normalizePlatform(parsePlatform(text)))).toBe(expected);
  });
});

describe('what serves a platform', () => {
  it.each([
    ['linux/arm/v7', ['linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5']],
    ['linux/arm/v6', ['linux/arm/v6', 'linux/arm/v5']],
    ['linux/amd64/v3', ['linux/amd64/v3', 'linux/amd64/v2', 'linux/amd64', 'linux/386']],
    ['linux/amd64', ['linux/amd64', 'linux/386']],
    ['linux/amd64/v99999999999', ['linux/amd64/v99999999999', 'linux/amd64', 'linux/386']],
    ['linux/arm/v99999999999', ['linux/arm/v99999999999']],
    ['linux/arm/soft', ['linux/arm/soft']],
    ['linux/riscv64', ['linux/riscv64']],
    [
      'linux/arm64',
      ['linux/arm64', 'linux/arm/v8', 'linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5'],
    ],
  ])('%s', (text, expected) => {
    expect(acceptablePlatforms(parsePlatform(text)).map(formatPlatform)).toEqual(expected);
  });
});

it('takes `local` for the host', () => {
  expect(parsePlatform('local')).toEqual(hostPlatform());
});

function fillIn(text: string): string {
  const { architecture, variant } = hostPlatform();
  const shown = architecture === 'arm' && variant === 'v7' ? '' : (variant ?? '');
  return text
    .replace('${HOSTARCH}', architecture)
    .replace('${/HOSTVARIANT}', shown && `/${shown}`)
    .replace('${HOSTVARIANT}', shown);
}
