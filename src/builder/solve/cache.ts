/**
 * What each operation gave: one record a key, naming the layer it made. A key holds everything
 * that decides the result, content digests included, so it never matches by accident.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContentMemory, Known } from '../context/index.ts';
import { digestOf } from '../plan/index.ts';
import type { Journal, LayerStore, SnapshotLayer } from '../snapshot/index.ts';

/** Of a base's layer: what its plain form is, and how large. */
export interface Unpacked extends Pick<SnapshotLayer, 'diffId' | 'uncompressedSize'> {
  /** Bytes of it that take place on the disk. */
  data: number;
}

export interface StepCache {
  find: (key: string) => SnapshotLayer | undefined;
  put: (key: string, layer: SnapshotLayer) => void;
  /** A digest that took reading many files to get, by what decides it. */
  findDigest: (key: string) => string | undefined;
  putDigest: (key: string, digest: string) => void;
  /** What a blob was found to unpack to. */
  findUnpacked: (key: string) => Unpacked | undefined;
  putUnpacked: (key: string, unpacked: Unpacked) => void;
  /** Held while one process executes the step, so that another does not do it too; transient. */
  lockFile: (key: string) => string;
}

/** What was read of contexts: beside the steps, because it goes with them. */
export function contentMemory(root: string, journal: Journal): ContentMemory {
  const recordOf = (context: unknown) => join(root, 'cache', `${digestOf(context)}.json`);
  return {
    read: (context) => {
      const files = journal.read<{ files: Known[] }>(recordOf(context))?.files;
      return Array.isArray(files) ? files : [];
    },
    write: (context, files) => journal.write(recordOf(context), { files }),
  };
}

export function openCache(
  root: string,
  { journal, layers }: { journal: Journal; layers: LayerStore },
): StepCache {
  for (const name of ['cache', 'locks']) mkdirSync(join(root, name), { recursive: true });
  const recordOf = (key: string) => join(root, 'cache', `${key}.json`);
  return {
    find: (key) => {
      const record = journal.read<{ diffId: string }>(recordOf(key));
      return typeof record?.diffId === 'string' ? layers.find(record.diffId) : undefined;
    },
    put: (key, { diffId }) => journal.write(recordOf(key), { diffId }),
    findDigest: (key) => journal.read<{ digest: string }>(recordOf(key))?.digest,
    putDigest: (key, digest) => journal.write(recordOf(key), { digest }),
    findUnpacked: (key) => journal.read<Unpacked>(recordOf(key)),
    putUnpacked: (key, unpacked) => journal.write(recordOf(key), unpacked),
    lockFile: (key) => join(root, 'locks', key),
  };
}
