/** The last record of each build, by context and Dockerfile: small files, the oldest are removed. */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn, readJson, writeWhole } from '../small-files.ts';
import type { BuildRecord } from './record.ts';

export interface Records {
  /** The last one of a context, and of a Dockerfile if named. */
  last: (context: string, file?: string) => BuildRecord | undefined;
  /** The newest first. */
  list: () => BuildRecord[];
  put: (record: BuildRecord) => void;
}

const most = 50;

export function openRecords(root: string): Records {
  const folder = join(root, 'builds');
  const list = () =>
    namesIn(folder, /\.json$/)
      .flatMap((name) => read(join(folder, name)) ?? [])
      .sort((a, b) => b.startedAt - a.startedAt);
  return {
    list,
    last: (context, file) =>
      list().find((each) => each.context === context && (file ?? each.file) === each.file),
    put: (record) => {
      mkdirSync(folder, { recursive: true });
      writeWhole(join(folder, nameOf(record)), JSON.stringify(record));
      for (const old of list().slice(most)) rmSync(join(folder, nameOf(old)), { force: true });
    },
  };
}

function nameOf({ context, file, target = '' }: BuildRecord): string {
  const key = JSON.stringify([context, file, target]);
  return `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`;
}

/** Damaged ones and those of a later version are as good as missing. */
function read(path: string): BuildRecord | undefined {
  const record = readJson(path) as BuildRecord | undefined;
  return record?.version === 1 && Array.isArray(record.steps) ? record : undefined;
}
