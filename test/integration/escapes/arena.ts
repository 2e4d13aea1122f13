import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { chooseIdMap, readHostIds } from '../../../src/emulator/id-map.ts';
import { type Canary, canary } from '../../helpers/canary.ts';
import {
  type HostState,
  hostState,
  lastingChanges,
  lastingLeftovers,
} from '../../helpers/host-state.ts';
import { clone } from '../../helpers/mpkit.ts';
import type { Requirement } from '../../helpers/requires.ts';
import { type TestUser, testUser } from '../../helpers/users.ts';
import { type Workplace, workplace } from '../build/workplace.ts';

/** Where a hostile build runs: beside it a canary that its own user could change. */
export interface Arena extends Workplace {
  canary: Canary;
  caller: CallerKind;
}

export type CallerKind = 'root' | 'user with a range' | 'user without a range';

/**
 * Runs the tests of `body` as each caller, in one arena each. After every test nothing outside may
 * have changed, and no process, mount, handler or temporary folder be left.
 */
export function asEach(kinds: CallerKind[], body: (arena: () => Arena) => void): void {
  for (const { kind, ok, why, user } of kinds.map(callerOf))
    describe.skipIf(!ok)(`as ${kind}${why}`, () => {
      let arena: Arena;
      let before: HostState;
      beforeAll(() => {
        const place = workplace(user);
        const owner = user ?? chooseIdMap(readHostIds()).owner;
        arena = { ...place, canary: canary(tmpdir(), owner), caller: kind };
        before = hostState();
      });
      afterEach(async () => expect(await traces(arena, before)).toEqual([]));
      afterAll(() => {
        arena?.canary.remove();
        arena?.remove();
      });
      body(() => arena);
    });
}

/** Small C programs of test/fixtures/escapes, compiled once, in a folder for `--build-context`. */
export function tools(...names: string[]): { folder: string; args: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'mpkit-tools-'));
  chmodSync(folder, 0o755);
  afterAll(() => rmSync(folder, { recursive: true }));
  for (const name of names) {
    const source = join(clone, 'test/fixtures/escapes', `${name}.c`);
    const words = ['-static', '-O1', '-Wall', '-Wextra', '-Werror', '-o', join(folder, name)];
    const { status, stderr } = spawnSync('cc', [...words, source], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }
  return { folder, args: ['--build-context', `tools=${folder}`] };
}

/** The test programs know the system calls of one CPU only. */
export const onAmd64: Requirement =
  process.arch === 'x64'
    ? { ok: true, why: '' }
    : { ok: false, why: ` (skipped: this is ${process.arch}, expected x64)` };

function callerOf(kind: CallerKind): Requirement & { kind: CallerKind; user?: TestUser } {
  if (kind !== 'root') {
    const user = testUser(kind === 'user with a range' ? 'range' : 'plain');
    return { kind, ok: user.ok, why: user.why, user };
  }
  const ok = process.getuid?.() === 0;
  return { kind, ok, why: ok ? '' : ' (skipped: the tests do not run as root)' };
}

/** What is outside, different and stays so. */
async function traces(arena: Arena, before: HostState): Promise<string[]> {
  const processes = await lastingLeftovers(dirname(arena.root));
  return [
    ...arena.canary.changes(),
    ...(await lastingChanges(before)),
    ...processes.map((each) => `process ${each}`),
    ...namesIn(join(arena.root, 'tmp')).map((each) => `temporary ${each}`),
    ...namesIn(join(arena.root, 'attach')).map((each) => `attached ${each}`),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
