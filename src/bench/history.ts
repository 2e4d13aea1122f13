/** The reports of this host, the last of them kept: small files in the state folder. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn, readJson, writeWhole } from '../small-files.ts';
import type { BenchReport } from './report.ts';

const most = 20;

export function keepReport(root: string, report: BenchReport): void {
  const folder = join(root, 'benches');
  mkdirSync(folder, { recursive: true });
  const name = `${Date.parse(report.measured)}-${process.pid}.json`;
  writeWhole(join(folder, name), JSON.stringify(report));
  for (const old of names(folder).slice(most)) rmSync(join(folder, old), { force: true });
}

/** The newest first; what is damaged or of a later version is as good as missing. */
export function keptReports(root: string): BenchReport[] {
  const folder = join(root, 'benches');
  return names(folder).flatMap((name) => read(join(folder, name)) ?? []);
}

function names(folder: string): string[] {
  return namesIn(folder, /^\d+-\d+\.json$/).sort(
    (a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10),
  );
}

function read(path: string): BenchReport | undefined {
  const report = readJson(path) as BenchReport | undefined;
  return report?.version === 1 && Array.isArray(report.targets) ? report : undefined;
}
