/** Builds that are ended half way: nothing stays on the host, and the next build goes on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { hostState, lastingChanges, lastingLeftovers } from '../../helpers/host-state.ts';
import { clone } from '../../helpers/mpkit.ts';
import { slowly } from '../../helpers/speed.ts';
import { asUser, testUser } from '../../helpers/users.ts';
import { steps, type Workplace, workplace } from './workplace.ts';

const ranged = testUser('range');
const places: Workplace[] = [];
afterAll(() => places.forEach((each) => void each.remove()));

const dockerfile =
  'FROM base\nRUN echo finished > /finished\nRUN echo begun; echo partial > /partial; sleep 999\nRUN echo last';
/** What the last build has instead of the long sleep. */
const mended = dockerfile.replace('sleep 999', 'true');

/** A process of the running build, by its place in the chain. */
const victims: [name: string, find: (pids: Chain) => number][] = [
  ['the launcher', ({ launcher }) => launcher],
  ['the sandbox outside', ({ descendants }) => descendants[0] as number],
  ['the first process inside', ({ descendants }) => descendants[1] as number],
  ['the inner node', ({ node }) => node],
  ["the step's own process", ({ descendants }) => descendants.at(-1) as number],
];

interface Chain {
  launcher: number;
  /** From the outermost to the innermost. */
  descendants: number[];
  node: number;
}

const cases: [string, NodeJS.Signals, (pids: Chain) => number, number | undefined][] = [
  ...victims.map(([name, find]): (typeof cases)[number] => [
    `SIGKILL of ${name}`,
    'SIGKILL',
    find,
    undefined,
  ]),
  ['SIGINT', 'SIGINT', ({ launcher }) => launcher, 130],
  ['SIGTERM', 'SIGTERM', ({ launcher }) => launcher, 143],
  ['SIGHUP', 'SIGHUP', ({ launcher }) => launcher, 129],
];

it.each(cases)(
  '%s leaves nothing, and finished steps are kept',
  async (_, signal, find, status) => {
    await endHalfWay(undefined, signal, find, status);
  },
);

it.skipIf(!ranged.ok)(`the same for an ordinary user${ranged.why}`, async () => {
  await endHalfWay(ranged, 'SIGKILL', ({ node }) => node, undefined);
  await endHalfWay(ranged, 'SIGTERM', ({ launcher }) => launcher, 143);
});

async function endHalfWay(
  user: typeof ranged | undefined,
  signal: NodeJS.Signals,
  find: (pids: Chain) => number,
  status: number | undefined,
) {
  const place = workplace(user);
  places.push(place);
  place.write({ 'ctx/Dockerfile': dockerfile });
  const before = hostState();
  const { child, output } = start(place, user);
  await until(() => output().includes(' begun\n'));
  const chain = chainOf(child.pid as number);
  process.kill(find(chain), signal);
  const code = await new Promise((resolve) =>
    child.once('close', (exit, by) => resolve(by ?? exit)),
  );
  if (status === undefined) expect(code, output()).not.toBe(0);
  else expect(code, output()).toBe(status);
  if (status !== undefined) expect(output()).toContain('mpkit: stopped; finished steps are kept\n');
  expect(await lastingLeftovers(place.root)).toEqual([]);
  expect(await lastingChanges(before)).toEqual([]);
  // what is stopped waits for no disk
  if (status !== undefined) expect(marked(place.root)).not.toEqual([]);
  expect(readdirSync(place.folder)).toEqual(['ctx']);
  const next = await place.build({ dockerfile: mended, context: 'ctx' });
  expect(next.exitCode, next.stderr).toBe(0);
  expect(steps(next.stderr).cached).toEqual(['FROM base', 'RUN echo finished > /finished']);
  expect(next.image().text('partial')).toBe('partial\n');
  expect(marked(place.root)).toEqual([]);
  expect(halfWritten(place.root)).toEqual([]);
  const ofSteps = (name: string) => /^[0-9a-f]{64}$/.test(name);
  expect(readdirSync(join(place.root, 'locks')).filter(ofSteps)).toEqual([]);
  expect(readdirSync(place.folder).sort()).toEqual(['ctx', 'ctx-out']);
}

function start(place: Workplace, user: typeof ranged | undefined) {
  const out = join(place.folder, 'ctx-out');
  const [program, ...args] = asUser(user, [
    ...[join(clone, 'bin/mpkit'), 'build', '--build-context', `base=oci-layout://${place.base}`],
    ...['-o', `type=oci,dest=${out},tar=false`, join(place.folder, 'ctx')],
  ]) as [string, ...string[]];
  const child = spawn(program, args, {
    cwd: place.folder,
    env: { ...process.env, HOME: join(place.folder, '../home'), MPKIT_ROOT: place.root },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => {
      text += bytes;
    });
  return { child: child as ChildProcess, output: () => text };
}

/** Every process below the launcher, in the order of their depth. */
function chainOf(launcher: number): Chain {
  const children = (pid: number): number[] =>
    readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)
        .map(Number),
    );
  const descendants: number[] = [];
  for (let level = children(launcher); level.length > 0; level = level.flatMap(children))
    descendants.push(...level);
  const node = descendants.find(
    (pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dist/main.js') &&
      !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sandbox'),
  );
  expect(descendants.length).toBeGreaterThan(3);
  return { launcher, descendants, node: node as number };
}

/** Records that would not be believed after a power cut. */
function marked(root: string): string[] {
  const records = ['cache', 'layers'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(root, folder, name)),
  );
  return records.filter((path) => path.endsWith('.json') && 'boot' in readRecord(path));
}

function readRecord(path: string): object {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Temporary files and folders in the state folder, and records without what they describe. */
function halfWritten(root: string): string[] {
  const names = (folder: string) => readdirSync(join(root, folder));
  const layers = names('layers');
  return [
    ...names('tmp'),
    ...names('attach'),
    ...names('cache').filter((name) => !/^[0-9a-f]{64}\.json$/.test(name)),
    ...layers.filter((name) => !/^[0-9a-f]{64}(\.json)?$/.test(name)),
    ...layers.filter((name) => !name.endsWith('.json') && !layers.includes(`${name}.json`)),
    ...names('blobs/sha256').filter((name) => !/^[0-9a-f]{64}$/.test(name)),
  ];
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + slowly(60_000);
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited for too long');
    await sleep(50);
  }
}
