/** Who registers handlers at boot, and whether it can keep flag F. */
import { assumption, bootWay, systemdBinfmt } from '../../binfmt/index.ts';
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';

export const binfmtToolsCheck: Check = {
  id: 'binfmt.boot',
  title: 'what registers handlers at boot',
  run: (host) => [{ id: 'binfmt.boot', ...judge(host) }],
};

function judge(host: HostFacts): Omit<Finding, 'id'> {
  const version = packageVersion(host, 'binfmt-support');
  const systemd = systemdBinfmt(host.view) !== undefined;
  if (version !== undefined && isBefore(version, [2, 1, 7]))
    return {
      result: 'problem',
      observed: `binfmt-support ${version} drops flag F; 2.1.7 is the first that keeps it`,
      remedy: 'Upgrade the package `binfmt-support`, or remove it',
    };
  const found = [
    ...(version === undefined ? [] : [`binfmt-support ${version}`]),
    ...(systemd ? ['systemd-binfmt'] : []),
  ];
  if (found.length === 0)
    return { result: 'note', observed: 'neither binfmt-support nor systemd-binfmt is in force' };
  const way = bootWay(host.view);
  const assumed = way && assumption(host.view, way);
  const observed = found.join(' and ');
  if (assumed) return { result: 'note', observed: `${observed}, ${assumed}` };
  return { result: 'ok', observed };
}

/** By dpkg's own list: installed, not only once configured. */
function packageVersion(host: HostFacts, name: string): string | undefined {
  const text = host.read('/var/lib/dpkg/status') ?? '';
  const start = text.startsWith(`Package: ${name}\n`) ? 0 : text.indexOf(`\nPackage: ${name}\n`);
  if (start < 0) return undefined;
  const end = text.indexOf('\n\n', start + 1);
  const paragraph = text.slice(start, end < 0 ? undefined : end);
  if (!/^Status: .* installed$/m.test(paragraph)) return undefined;
  return /^Version: (\S+)$/m.exec(paragraph)?.[1];
}

function isBefore(version: string, wanted: number[]): boolean {
  const numbers = version
    .replace(/^\d+:/, '')
    .split(/[.+~-]/)
    .map(Number);
  for (const [at, number] of wanted.entries()) {
    const own = numbers[at] ?? 0;
    if (own !== number) return own < number;
  }
  return false;
}
