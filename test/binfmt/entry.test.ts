import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type BinfmtEntry,
  cpus,
  formatEntry,
  parseEntry,
  type RegisteredEntry,
} from '../../src/binfmt/index.ts';
import { run } from '../../src/process.ts';

const entry: BinfmtEntry = {
  name: 'qemu-test',
  match: {
    offset: 2,
    magic: Buffer.from('\x7f:\n\0', 'latin1'),
    mask: Buffer.from('ffff00fe', 'hex'),
  },
  interpreter: '/usr/bin/true',
  flags: 'POCF',
};

describe('formatEntry', () => {
  it('escapes every byte of magic and mask', () => {
    expect(formatEntry(entry)).toBe(
      ':qemu-test:M:2:\\x7f\\x3a\\x0a\\x00:\\xff\\xff\\x00\\xfe:/usr/bin/true:POCF',
    );
  });

  it('writes extensions and a magic without a mask', () => {
    expect(formatEntry({ ...entry, match: { extension: 'jar' }, flags: '' })).toBe(
      ':qemu-test:E::jar::/usr/bin/true:',
    );
    expect(formatEntry({ ...entry, match: { offset: 0, magic: Buffer.from('A') } })).toBe(
      ':qemu-test:M:0:\\x41::/usr/bin/true:POCF',
    );
  });

  const magic = (length: number, offset = 0) => ({ offset, magic: Buffer.alloc(length, 1) });
  it.each<[string, Partial<BinfmtEntry>]>([
    ['a name with `/`', { name: 'a/b' }],
    ['a name with `:`', { name: 'a:b' }],
    ['a name with a line break', { name: 'a\nb' }],
    ['an empty name', { name: '' }],
    ['the folder itself', { name: '.' }],
    ['the parent folder', { name: '..' }],
    ['`register`', { name: 'register' }],
    ['`status`', { name: 'status' }],
    ['a long name', { name: 'a'.repeat(256) }],
    ['an interpreter with `:`', { interpreter: '/bin/a:b' }],
    ['an interpreter with a line break', { interpreter: '/bin/a\nb' }],
    ['an interpreter with a NUL byte', { interpreter: '/bin/a\0b' }],
    ['a relative interpreter', { interpreter: 'bin/true' }],
    ['an empty interpreter', { interpreter: '' }],
    ['an unknown flag', { flags: 'X' }],
    ['a flag given twice', { flags: 'FF' }],
    ['a flag with a line break', { flags: 'F\n' }],
    ['an empty magic', { match: magic(0) }],
    ['a magic beyond 256 bytes', { match: magic(20, 237) }],
    ['a negative offset', { match: magic(1, -1) }],
    ['half an offset', { match: magic(1, 0.5) }],
    ['a shorter mask', { match: { ...magic(2), mask: Buffer.from('a') } }],
    ['an empty extension', { match: { extension: '' } }],
    ['an extension with `/`', { match: { extension: 'a/b' } }],
    ['an extension with `:`', { match: { extension: 'a:b' } }],
    ['more than 1920 bytes', { interpreter: `/${'a'.repeat(1900)}` }],
  ])('refuses %s', (_, change) => {
    expect(() => formatEntry({ ...entry, ...change })).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });

  it('says what was expected and what was found', () => {
    expect(() => formatEntry({ ...entry, match: { ...magic(2), mask: Buffer.from('a') } })).toThrow(
      'invalid binfmt mask: expected 2 bytes like the magic, found 1',
    );
  });
});

describe('parseEntry', () => {
  const text = 'enabled\ninterpreter /a b\nflags: OF\noffset 0\nmagic 7f45\nmask ff0f\n';
  it('reads what the kernel prints', () => {
    expect(parseEntry('x', text)).toEqual({
      name: 'x',
      enabled: true,
      interpreter: '/a b',
      flags: 'OF',
      match: { offset: 0, magic: Buffer.from('7f45', 'hex'), mask: Buffer.from('ff0f', 'hex') },
    });
  });

  it.each([
    ['', 'state'],
    [text.replace('enabled', 'perhaps'), 'state'],
    [text.replace('interpreter /a b\n', ''), 'interpreter'],
    [text.replace('flags: OF\n', ''), 'flags'],
    [text.replace('offset 0', 'offset -1'), 'offset'],
    [text.replace('7f45', '7f4'), 'magic'],
    [text.replace('magic 7f45\n', ''), 'magic'],
    [text.replace('ff0f', 'ff'), 'mask'],
    ['enabled\ninterpreter /a\nflags: \nextension .\n', 'extension'],
  ])('refuses %j for its %s', (broken, field) => {
    expect(() => parseEntry('x', broken)).toThrow(`handler \`x\` has no readable ${field} line`);
  });
});

const mount = 'mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc';
const able = (await run('unshare', ['-Urm', 'sh', '-c', mount])).exitCode === 0;

describe('the kernel', () => {
  it.skipIf(!able)(
    `reads and prints the same entries${able ? '' : ' (skipped: no private binfmt_misc here)'}`,
    async () => {
      const entries: RegisteredEntry[] = [
        ...cpus.map(({ architecture, magic, mask }) => ({
          ...{ name: architecture, enabled: true, interpreter: '/bin/true', flags: 'POCF' },
          match: { offset: 0, magic, mask },
        })),
        { ...entry, enabled: true },
        {
          ...entry,
          name: 'no.mask',
          match: { offset: 255, magic: Buffer.from([0]) },
          enabled: true,
        },
        { ...entry, name: 'ending', match: { extension: 'jar' }, flags: '', enabled: true },
        { ...entry, name: 'off', flags: 'P', enabled: false },
      ];
      const printed = await throughKernel(entries);
      expect(printed).toEqual(entries);
    },
  );
});

async function throughKernel(entries: RegisteredEntry[]): Promise<RegisteredEntry[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mpkit-entry-'));
  try {
    for (const each of entries) writeFileSync(join(folder, each.name), formatEntry(each));
    const off = entries.filter((each) => !each.enabled).map((each) => each.name);
    // with handlers in force, the one for this machine's own CPU would catch cat
    const script = `${mount} && cd /proc/sys/fs/binfmt_misc && echo 0 > status || exit
      for entry in "$0"/*; do
        cat "$entry" > register || exit
        name=$\{entry##*/}
        case " $1 " in *" $name "*) echo 0 > "$name";; esac
        cat "$name" > "$entry.printed" || exit
      done`;
    const done = await run('unshare', ['-Urm', 'sh', '-c', script, folder, off.join(' ')]);
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    return entries.map(({ name }) =>
      parseEntry(name, readFileSync(join(folder, `${name}.printed`), 'utf8')),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
