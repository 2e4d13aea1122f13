/** What `mpkit binfmt install` says: one row for each CPU, then what a boot will bring back. */
import type { InstallRow, Kept, Replay } from '../binfmt/index.ts';
import { formatTable, wrap } from './binfmt-table.ts';

export interface Boot extends Replay, Kept {
  ok: boolean;
  /** What must be so for a boot to bring it back. */
  assumes?: string | undefined;
}

const words: Record<InstallRow['result'], string> = {
  registered: 'ok, registered',
  replaced: 'ok, replaced',
  present: 'ok, nothing to do',
  native: 'ok, native',
  kept: 'ok, left alone',
  broken: 'BROKEN',
  failed: 'FAILED',
};

export function formatInstall(rows: readonly InstallRow[], boot: Boot | undefined): string {
  const table = formatTable([
    ['PLATFORM', 'RESULT', 'HANDLER', 'OWNER', 'QEMU', 'FLAGS', 'EXECUTED'],
    ...rows.map((row) => [
      row.platform,
      words[row.result],
      row.handler ?? '-',
      row.owner ?? '-',
      row.version ?? '-',
      row.flags || '-',
      row.inEmptyRoot ? 'here, empty root' : row.runs ? 'here only' : 'no',
    ]),
  ]);
  const troubles = rows
    .filter((row) => !row.ok)
    .map((row) => wrap(`${row.platform}: ${row.detail}`, '  '));
  const removed = rows.flatMap(({ platform, handler, removed: gone }) =>
    gone
      .filter(({ name }) => name !== handler)
      .map(({ name, owner }) => wrap(`${platform}: removed \`${name}\` (${owner})`, '  ')),
  );
  return `${table}${troubles.join('')}${removed.join('')}${boot ? formatBoot(boot) : ''}`;
}

function formatBoot({ assumes, way, files, refused, tried, detail, rows }: Boot): string {
  const bad = rows.filter(({ works }) => !works);
  const where = files.length > 3 ? `${files.length} files` : files.join(', ');
  const lines =
    files.length > 0
      ? [`kept for the next boot by ${way}${assumes ? `, ${assumes}` : ''}: ${where}`]
      : [];
  for (const why of new Set(refused.map((each) => each.why))) {
    const names = refused.filter((each) => each.why === why).map(({ name }) => name);
    lines.push(`NOT kept for the next boot: ${why} (${names.join(', ')})`);
  }
  if (!tried && files.length === 0) return lines.map((line) => wrap(line, '')).join('');
  if (!tried) lines.push(`not verified: ${detail}`);
  else if (bad.length === 0) lines.push('replayed the boot: all of these platforms work after it');
  for (const { architecture, handler } of rows)
    if (handler && handler !== `mpkit-${architecture}`)
      lines.push(`after a boot \`${handler}\` runs linux/${architecture}, not mpkit's`);
  for (const { architecture, handler, detail: why } of bad)
    lines.push(
      `after a boot linux/${architecture} does not work (\`${handler ?? 'no handler'}\`): ${why}`,
    );
  return lines.map((line) => wrap(line, '')).join('');
}
