/** The reports of this host, the last of them kept: small files in the state folder. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchReport } from './report.ts';

const most = 20;

export function keepReport(root: string, report: BenchReport): void {
  const folder = join(root, 'benches');
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.${process.pid}`);
  writeFileSync(temporary, JSON.stringify(report));
  renameSync(temporary, join(folder, `${Date.parse(report.measured)}-${process.pid}.json`));
  for (const name of names(folder).slice(most)) rmSync(join(folder, name), { force: true });
}

/** The newest first; what is damaged or of a later version is as good as missing. */
export function keptReports(root: string): BenchReport[] {
  const folder = join(root, 'benches');
  return names(folder).flatMap((name) => read(join(folder, name)) ?? []);
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+-\d+\.json$/.test(name))
      .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  } catch {
    return [];
  }
}

function read(path: string): BenchReport | undefined {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    return report?.version === 1 && Array.isArray(report.targets) ? report : undefined;
  } catch {
    return undefined;
  }
}
