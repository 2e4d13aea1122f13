/**
 * What of a selection decides a COPY's result: names, kinds, modes, owners, attributes, content;
 * never times. The same digest comes of reading a selection and of copying it, so that a copy is
 * known by what it holds and not by what was read before it was made.
 */
import { createHash } from 'node:crypto';
import { readlinkSync, type Stats } from 'node:fs';
import { getXattr, listXattrs } from '../../libc.ts';
import type { FileSource } from './source.ts';
import type { WalkedEntry } from './walk.ts';

/** Read once: what is copied is what is hashed. */
export interface EntryFacts {
  stats: Stats;
  /** Of a symbolic link. */
  target?: Buffer;
  xattrs: [name: string, value: Buffer][];
}

export interface Fingerprint {
  /** Begins one of the selected; a folder contributes its content, so its own name does not matter. */
  select: (name: Buffer | '/') => void;
  /** `content`: the digest of a regular file's bytes. */
  add: (path: Buffer, facts: EntryFacts, content?: string) => void;
  digest: () => string;
}

export function createFingerprint(source: FileSource): Fingerprint {
  const hash = createHash('sha256');
  const field = (value: string | Buffer) => {
    const bytes = Buffer.from(value);
    hash.update(`${bytes.length}:`).update(bytes);
  };
  return {
    select: field,
    add: (path, { stats, target, xattrs }, content) => {
      const owner = source.owner === 'root' ? '0:0' : `${stats.uid}:${stats.gid}`;
      field(path);
      field(`${stats.mode.toString(8)} ${owner} ${content ?? ''}`);
      if (target) field(target);
      for (const [name, value] of xattrs) {
        field(name);
        field(value);
      }
    },
    digest: () => hash.digest('hex'),
  };
}

export function readFacts(source: FileSource, { at, stats }: WalkedEntry): EntryFacts {
  if (stats.isSymbolicLink())
    return { stats, target: readlinkSync(at, { encoding: 'buffer' }), xattrs: [] };
  const names = listXattrs(at).filter((name) => travels(name, source));
  const xattrs = names.flatMap((name): EntryFacts['xattrs'] => {
    const value = getXattr(at, name);
    return value ? [[name, value]] : [];
  });
  return { stats, xattrs };
}

/** The extended attributes that go with a file; a host's access lists mean nothing in an image. */
function travels(name: string, { owner }: FileSource): boolean {
  if (name.startsWith('user.')) return !name.startsWith('user.overlay.');
  if (name === 'security.capability') return true;
  return owner === 'kept' && name.startsWith('system.posix_acl_');
}
