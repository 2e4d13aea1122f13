/** Results that lie where they were written, as they were written, stay; everything else is written. */
import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Workplace, workplace } from './workplace.ts';

let place: Workplace;
beforeAll(() => {
  place = workplace();
  place.write({ 'ctx/Dockerfile': 'FROM scratch\nCOPY f /\n', 'ctx/f': 'f' });
});
afterAll(() => place.remove());

const forms: [form: string, spec: string, file: (dest: string) => string][] = [
  ['an archive', 'type=oci', (dest) => dest],
  ['a folder', 'type=oci,tar=false', (dest) => join(dest, 'index.json')],
];

describe.each(forms)('%s', (form, spec, fileOf) => {
  const dest = () => join(place.folder, `${form.at(-1)}.out`);
  const build = async (...words: string[]) => {
    const { exitCode, stderr } = await place.mpkit([
      'build',
      '-o',
      `${spec},dest=${dest()}`,
      ...words,
      'ctx',
    ]);
    expect(exitCode, stderr).toBe(0);
    return { inode: statSync(fileOf(dest())).ino, bytes: readFileSync(fileOf(dest())) };
  };

  it('stays where it is as it was', async () => {
    const first = await build();
    expect(await build()).toEqual(first);
    expect(await build()).toEqual(first);
  });

  const changes: [what: string, change: (file: string) => void][] = [
    ['longer', (file) => appendFileSync(file, 'x')],
    ['gone', (file) => rmSync(file)],
    [
      'another of the same size and time',
      (file) => {
        const { size, atime, mtime } = statSync(file);
        writeFileSync(file, 'x'.repeat(size));
        utimesSync(file, atime, mtime);
      },
    ],
    [
      'a copy that was moved there',
      (file) => {
        const bytes = readFileSync(file);
        const { atime, mtime } = statSync(file);
        writeFileSync(`${file}.copy`, bytes.fill(0, 0, 4));
        utimesSync(`${file}.copy`, atime, mtime);
        renameSync(`${file}.copy`, file);
      },
    ],
  ];
  it.each(changes)('is written anew where it is %s', async (_, change) => {
    const first = await build();
    change(fileOf(dest()));
    const { bytes } = await build();
    expect(bytes.equals(first.bytes)).toBe(true);
  });

  it('is written anew for another content, and back', async () => {
    const first = await build();
    const tagged = await build('-t', 'other:1');
    expect(tagged.bytes.equals(first.bytes)).toBe(false);
    place.write({ 'ctx/f': 'other' });
    const edited = await build();
    expect(edited.bytes.equals(first.bytes)).toBe(false);
    place.write({ 'ctx/f': 'f' });
    expect((await build()).bytes.equals(first.bytes)).toBe(true);
  });
});
