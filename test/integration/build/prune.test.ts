/** `mpkit prune`: what it takes from the state folder, and what it leaves. */
import { afterAll, expect, it } from 'vitest';
import { type Workplace, workplace } from './workplace.ts';

const made: Workplace[] = [];
afterAll(() => made.forEach((each) => void each.remove()));
const newPlace = () => {
  const place = workplace();
  made.push(place);
  return place;
};

it('takes images and records of builds and benchmarks, leaves emulators and choices', async () => {
  const place = newPlace();
  const json = async (...words: string[]) => {
    const { exitCode, stdout, stderr } = await place.mpkit(words);
    expect(exitCode, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  const built = await place.build({ dockerfile: 'FROM base\nRUN echo built > /f\n' });
  expect(built.exitCode, built.stderr).toBe(0);
  await json('bench', '--offline', '--json', '--samples', '1', '--workload', 'hash');
  const [{ version }] = await json('emulator', 'ls', '--json');
  const chosen = await place.mpkit(['emulator', 'choose', 'arm64', version, '--cpu', 'cortex-a57']);
  expect(chosen.exitCode, chosen.stderr).toBe(0);
  const emulators = await json('emulator', 'ls', '--json');
  expect(JSON.stringify(emulators)).toContain('cortex-a57');
  expect(await json('history', 'ls', '--json')).toHaveLength(1);
  expect(await json('bench', '--history', '--json')).not.toEqual([]);

  const pruned = await place.mpkit(['prune']);
  expect(pruned.stdout, pruned.stderr).toMatch(/^freed \d+\.\d MB\n$/);
  expect(await json('history', 'ls', '--json')).toEqual([]);
  expect(await json('bench', '--history', '--json')).toEqual([]);
  expect(await json('emulator', 'ls', '--json')).toEqual(emulators);
  const gone = await place.mpkit(['run', '--platform', 'linux/amd64', built.stdout.trim()]);
  expect(gone.stderr).toContain('is not in the state folder');

  await place.mpkit(['prune', '--all']);
  expect(await json('emulator', 'ls', '--json')).toEqual([]);
});

it('says in its help what goes and what stays', async () => {
  const { stdout } = await newPlace().mpkit(['prune', '--help']);
  for (const word of ['layers', 'images', 'builds', 'benchmarks', 'emulators', 'choices', '--all'])
    expect(stdout).toContain(word);
});
