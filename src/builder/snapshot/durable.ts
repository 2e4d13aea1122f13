/**
 * Records and layers are written without waiting for the disk: a killed process loses nothing, a
 * power cut could. So each record carries the boot it was made in, and is believed after a reboot
 * only when a later sync of the whole file system had cleared that mark.
 */

import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { syncFileSystem } from '../../libc.ts';
import { readJson } from '../../small-files.ts';

export interface Journal {
  /** Writes a JSON record, replacing atomically. */
  write: (path: string, record: object) => void;
  /** undefined where it is missing, damaged, or from before a crash. */
  read: <T extends object>(path: string) => T | undefined;
  /** Makes everything written so far survive a power cut. */
  sync: () => void;
}

/** `temporary`: a folder of this process's own, on the same file system as `root`. */
export function openJournal(root: string, temporary: string): Journal {
  const boot = bootId();
  const replaceFile = (path: string, record: object) => {
    const place = join(temporary, randomBytes(8).toString('hex'));
    writeFileSync(place, JSON.stringify(record));
    renameSync(place, path);
  };
  /** A marked record serves until the next boot: a full disk must not hide why the build failed. */
  const clearMark = (path: string, record: object) => {
    try {
      // one that was dropped stays dropped, and what another process wrote since is its own to clear
      const now = parse(path);
      if (now && isDeepStrictEqual(now, { ...record, boot })) replaceFile(path, record);
    } catch {
      // stays marked
    }
  };
  const unsynced = new Map<string, object>();
  return {
    write: (path, record) => {
      replaceFile(path, { ...record, boot });
      unsynced.set(path, record);
    },
    read: <T extends object>(path: string) => {
      const record = parse(path) as (T & { boot?: string }) | undefined;
      if (record?.boot === undefined) return record;
      if (record.boot !== boot) return undefined;
      // whoever made it was stopped before its own sync, or is still at work
      const { boot: _, ...plain } = record;
      if (!unsynced.has(path)) unsynced.set(path, plain);
      return record;
    },
    sync: () => {
      if (unsynced.size === 0) return;
      const fd = openSync(root, 'r');
      syncFileSystem(fd);
      closeSync(fd);
      for (const [path, record] of unsynced) clearMark(path, record);
      unsynced.clear();
    },
  };
}

function parse(path: string): object | undefined {
  const value = readJson(path);
  return typeof value === 'object' && value !== null ? value : undefined;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
