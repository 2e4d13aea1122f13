import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that nothing under test may read into its output, change, or add to. */
export interface Canary {
  folder: string;
  /** The content of `secret`: must appear in no output, image or log. */
  secret: string;
  /** One line per difference; empty is the expected answer. */
  changes(): string[];
  remove(): void;
}

/**
 * Holds files of known bytes and modes (`secret`, `ptmx`, `run.sh`, `setuid`), a hard link pair
 * (`linked`, `linked-too`), symlinks, an empty folder `c` and a full one. Everybody may list and
 * enter it, as an attacked host folder would allow. With `owner`, whom the attacked process runs
 * as, everything belongs to it, so that nothing but its own care protects the folder.
 */
export function canary(parent: string = tmpdir(), owner?: Owner): Canary {
  const folder = mkdtempSync(join(parent, 'canary-'));
  const secret = `canary-${createHash('sha256').update(folder).digest('hex')}`;
  fill(folder, secret);
  if (owner) giveTo(folder, owner);
  const before = describe(folder);
  return {
    folder,
    secret,
    changes: () => differences(before, describe(folder)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The lines that only one of two descriptions has, marked `-` and `+`. */
export function differences(before: string[], after: string[]): string[] {
  const [old, now] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}

function fill(folder: string, secret: string): void {
  chmodSync(folder, 0o755);
  const file = (name: string, text: string, mode: number) => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
  };
  file('secret', secret, 0o644);
  file('private', secret, 0o600);
  file('ptmx', 'no terminal', 0o644);
  file('run.sh', '#!/bin/sh\nexit 0\n', 0o755);
  file('setuid', 'nothing to execute', 0o4755);
  file('linked', 'two names', 0o644);
  linkSync(join(folder, 'linked'), join(folder, 'linked-too'));
  symlinkSync('secret', join(folder, 'link'));
  symlinkSync('/nonexistent', join(folder, 'dangling'));
  for (const name of ['c', 'full']) mkdirSync(join(folder, name), { mode: 0o755 });
  file('full/deep', 'deep', 0o444);
  if (process.getuid?.() === 0) chownSync(join(folder, 'full/deep'), 12_345, 54_321);
}

interface Owner {
  uid: number;
  gid: number;
}

function giveTo(path: string, { uid, gid }: Owner): void {
  const { mode } = lstatSync(path);
  lchownSync(path, uid, gid);
  // a new owner takes the setuid bit away
  if (!lstatSync(path).isSymbolicLink()) chmodSync(path, mode & 0o7777);
  if (lstatSync(path).isDirectory())
    for (const name of readdirSync(path)) giveTo(join(path, name), { uid, gid });
}

function describe(folder: string, path = '.'): string[] {
  const absolute = join(folder, path);
  const stat = lstatSync(absolute);
  const facts = [path, stat.mode.toString(8), stat.uid, stat.gid, stat.nlink, stat.mtimeMs];
  if (stat.isSymbolicLink()) return [[...facts, readlinkSync(absolute)].join(' ')];
  if (stat.isFile())
    return [
      [...facts, createHash('sha256').update(readFileSync(absolute)).digest('hex')].join(' '),
    ];
  if (!stat.isDirectory()) return [facts.join(' ')];
  const children = readdirSync(absolute).sort();
  return [facts.join(' '), ...children.flatMap((name) => describe(folder, join(path, name)))];
}
