import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

function output(program: string, args: string[]): string {
  try {
    execFileSync(join(root, 'node_modules/.bin', program), args, { cwd: root, encoding: 'utf8' });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}${stderr}`;
  }
}

// while somebody writes code, `npm run check` is theirs to call
const why = process.env.CI ? '' : ' (skipped: only in CI; `npm run check` does the same)';

it.skipIf(why)(`is linted and formatted${why}`, () =>
  expect(output('biome', ['check', '.'])).toBe(''),
);
it.skipIf(why)(`has sound types${why}`, () => expect(output('tsc', ['--noEmit'])).toBe(''));
