import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type HostFacts,
  hostFacts,
  type KnownFacts,
  type RecordedFile,
} from '../../src/doctor/index.ts';

export const recordedHosts = join(import.meta.dirname, '../fixtures/hosts');

/** A host of test/fixtures/hosts, with `changes` to what is no file. */
export function recordedHost(name: string, changes: Partial<KnownFacts> = {}): HostFacts {
  const folder = join(recordedHosts, name);
  const { files, now, ...known } = JSON.parse(
    readFileSync(join(folder, 'facts.json'), 'utf8'),
  ) as Recording;
  const searchPath = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return hostFacts(
    folder,
    { ...known, now: Date.parse(now), searchPath, ...changes },
    new Map(Object.entries(files).map(([path, facts]) => [path, complete(facts)])),
  );
}

type Recording = Omit<KnownFacts, 'now' | 'searchPath'> & {
  now: string;
  /** By path; the mode is octal. */
  files: Record<string, Partial<Omit<RecordedFile, 'mode'>> & { mode: string }>;
};

function complete({ mode, ...rest }: Recording['files'][string]): RecordedFile {
  const usual = {
    uid: 0,
    readable: true,
    writable: false,
    program: 'unreadable',
    capable: false,
  } as const;
  return { ...usual, ...rest, mode: Number.parseInt(mode, 8) };
}
