import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { busyboxBase, emulatorState } from './fixtures.ts';
import { type Project, project } from './mpkit.ts';
import { type TestUser, testUser } from './users.ts';

const projects: Project[] = [];
afterAll(() => projects.forEach((each) => void each.remove()));

const ranged = testUser('range');
it('emulators and base image serve us', () => serve(undefined));
it.skipIf(!ranged.ok)(`emulators and base image serve the test user${ranged.why}`, () =>
  serve(ranged),
);

async function serve(user: TestUser | undefined) {
  const made = project({}, user);
  projects.push(made);
  emulatorState(made, user);
  const { stdout, stderr } = await made.mpkit(['emulator', 'ls']);
  expect(stdout.match(/^(amd64|arm64|s390x) /gm), stderr).toEqual(['amd64 ', 'arm64 ', 's390x ']);
  const base = busyboxBase(made);
  expect(existsSync(join(base, 'blobs/sha256'))).toBe(true);
  expect(JSON.parse(readFileSync(join(base, 'index.json'), 'utf8')).manifests).toHaveLength(1);
  const image = `oci-layout://${base}`;
  const run = await made.mpkit(['run', '--platform', 'linux/arm64', image, '--', 'uname', '-m']);
  expect(run).toMatchObject({ exitCode: 0, stdout: 'aarch64\n' });
}
