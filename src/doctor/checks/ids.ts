/** Subordinate ids: granted, with the helpers that map them, and really mapped. */
import type { HostFacts } from '../facts.ts';
import type { Check, Finding } from '../finding.ts';

export const idChecks: Check[] = [
  {
    id: 'ids.range',
    title: 'a range of subordinate ids in /etc/subuid and /etc/subgid',
    run: (host) => [{ id: 'ids.range', ...judgeRange(host) }],
  },
  {
    id: 'ids.helpers',
    title: 'newuidmap and newgidmap, with their privilege',
    run: (host) => (host.user.uid === 0 ? [] : [{ id: 'ids.helpers', ...judgeHelpers(host) }]),
  },
  {
    id: 'ids.mapped',
    title: 'the range can really be mapped',
    run: (host) => [{ id: 'ids.mapped', ...judgeMapped(host) }],
  },
];

/** Whether this user has ids granted in both files. */
export function hasRange(host: HostFacts, user = host.user): boolean {
  return ['/etc/subuid', '/etc/subgid'].every((path) => countOf(host, path, user) >= 1000);
}

/** The first range of the usual size above what others have. */
export function addRangeCommand(name: string, host: HostFacts): string {
  const ends = ['/etc/subuid', '/etc/subgid'].flatMap((path) =>
    (host.read(path) ?? '').split('\n').map((line) => {
      const [, start, count] = line.split(':').map(Number);
      return (start ?? 0) + (count ?? 0) || 0;
    }),
  );
  const first = Math.max(100_000, ...ends);
  const range = `${first}-${first + 65_535}`;
  return `usermod --add-subuids ${range} --add-subgids ${range} ${name}`;
}

type Judgement = Omit<Finding, 'id'>;

function judgeRange(host: HostFacts): Judgement {
  const { uid, name } = host.user;
  if (uid === 0) return { result: 'ok', observed: 'root needs none: it maps any range' };
  if (hasRange(host)) {
    const count = countOf(host, '/etc/subuid', host.user);
    return { result: 'ok', observed: `${count} ids for \`${name ?? uid}\`` };
  }
  return {
    result: 'warning',
    observed: `\`${name ?? uid}\` has none: steps cannot switch users or give files away`,
    remedy: addRangeCommand(name ?? String(uid), host),
  };
}

function judgeHelpers(host: HostFacts): Judgement {
  for (const program of ['newuidmap', 'newgidmap']) {
    const path = host.find(program);
    if (!path)
      return {
        result: 'warning',
        observed: `\`${program}\` is not installed`,
        remedy: installCommand(host, 'uidmap'),
      };
    const { mode = 0, uid, capable } = host.file(path) ?? {};
    const setuid = (mode & 0o4000) !== 0 && uid === 0;
    if (!setuid && !capable)
      return {
        result: 'problem',
        observed: `\`${path}\` is neither setuid root nor has it cap_set${program.slice(3, 6)}`,
        remedy: `chmod u+s ${path}`,
      };
  }
  return { result: 'ok', observed: 'both are installed and may map ids' };
}

function judgeMapped(host: HostFacts): Judgement {
  const inside = host.trials?.inside;
  if (!inside) return { result: 'cannot tell', observed: 'nothing could be mapped here' };
  if (inside.idCount > 1)
    return { result: 'ok', observed: `mapped ${inside.idCount} user ids into a namespace` };
  const refused = host.trials?.namespace.warnings.find((text) => text.includes('map ids'));
  return {
    result: 'warning',
    observed: refused
      ? `the range was refused: ${refused.split(';')[0]}`
      : 'only one user id: packages that make users or change owners cannot be installed',
    remedy: hasRange(host)
      ? installCommand(host, 'uidmap')
      : addRangeCommand(host.user.name ?? String(host.user.uid), host),
  };
}

function countOf(
  host: HostFacts,
  path: string,
  { uid, name }: { uid: number; name: string | undefined },
): number {
  const counts = (host.read(path) ?? '').split('\n').map((line) => {
    const [who, , count] = line.split(':');
    return who !== '' && (who === name || who === String(uid)) ? Number(count) : 0;
  });
  return Math.max(0, ...counts.filter(Number.isSafeInteger));
}

/** By the package manager that is there; elsewhere only the name is known. */
export function installCommand(host: HostFacts, debianName: string): string {
  const names: Record<string, string> = { uidmap: 'shadow-utils' };
  if (host.find('apt-get')) return `apt-get install ${debianName}`;
  const name = names[debianName] ?? debianName;
  if (host.find('dnf')) return `dnf install ${name}`;
  if (host.find('apk')) return `apk add ${debianName === 'uidmap' ? 'shadow-uidmap' : name}`;
  return `Install the package \`${debianName}\``;
}
