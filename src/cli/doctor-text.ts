/** An examination as text: 100 columns, complete without colour. Pure. */
import type { Examination, Finding, PlatformRow } from '../doctor/index.ts';
import { cleanName } from '../tui/clean.ts';

const width = 100;

export function examinationText(
  { host, findings, tier, platforms, remedies }: Examination,
  { all }: { all: boolean },
): string {
  const shown = all ? findings : findings.filter(({ result }) => result !== 'ok');
  const hidden = findings.length - shown.length;
  return [
    ...wrap(`${host.user} on ${host.system}, Linux ${host.kernel}, ${host.machine}`, 0),
    '',
    ...shown.flatMap(findingLines),
    ...(hidden > 0
      ? [`${'ok'.padEnd(gradeWidth)}${hidden} other checks (\`--all\` shows them)`]
      : []),
    '',
    ...wrap(`tier: ${tier.name}${tier.executed ? '' : ' (not tried)'}: ${tier.why}`, 6),
    '',
    ...platformLines(platforms.usable, 'mpkit builds and runs here and now:'),
    ...platformLines(platforms.unusable, 'not here and now:'),
    ...(remedies.length > 0 ? ['what would improve it:'] : ['nothing needs to be done']),
    ...remedies.flatMap((remedy) => wrap(`  ${remedy}`, 4)),
    '',
  ]
    .map((line) => line.trimEnd())
    .join('\n');
}

const gradeWidth = 13;
const idWidth = 22;

function findingLines({ id, subject, result, observed }: Finding): string[] {
  const name = subject === undefined ? '' : `${subject}: `;
  const head = `${result.padEnd(gradeWidth)}${id.padEnd(idWidth)}`;
  return wrap(`${head}${head.endsWith(' ') ? '' : ' '}${name}${observed}`, gradeWidth + idWidth);
}

function platformLines(rows: PlatformRow[], title: string): string[] {
  if (rows.length === 0) return [];
  const lines = rows.flatMap(({ platform, way, detail, executed }) => {
    const how = way === 'none' ? '' : way;
    const tried = executed ? detail : `${detail}, not executed`;
    return wrap(`  ${platform.padEnd(18)}${how.padEnd(19)}${tried}`, 39);
  });
  return [title, ...lines, ''];
}

/** Breaks between words; a word that is longer than a line keeps its line. */
function wrap(text: string, indent: number): string[] {
  const clean = cleanName(text);
  if (clean.length <= width) return [clean];
  const at = clean.lastIndexOf(' ', width);
  const cut = at > indent ? at : clean.indexOf(' ', width);
  if (cut < 0) return [clean];
  return [clean.slice(0, cut), ...wrap(`${' '.repeat(indent)}${clean.slice(cut + 1)}`, indent)];
}
