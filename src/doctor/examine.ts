/** Judges a host: what each check found, the tier, the platforms, and what would improve it. Pure. */
import { checks } from './checks/index.ts';
import { systemName } from './checks/surroundings.ts';
import type { HostFacts } from './facts.ts';
import type { Finding } from './finding.ts';
import { type Platforms, platformsOf } from './platforms.ts';
import { type Tier, tierOf } from './tier.ts';

export interface Examination {
  /** Who asked where, for the first line. */
  host: { system: string; kernel: string; machine: string; user: string };
  findings: Finding[];
  tier: Tier;
  platforms: Platforms;
  /** Commands and sentences, each once, the gravest first. */
  remedies: string[];
  /** 0; 1 with problems; 3 where nothing can be emulated. */
  exitCode: 0 | 1 | 3;
}

export function examine(host: HostFacts): Examination {
  const findings = checks.flatMap((check) => check.run(host));
  const tier = tierOf(host);
  const hasProblem = findings.some(({ result }) => result === 'problem');
  return {
    host: {
      system: systemName(host),
      kernel: host.kernel.release,
      machine: host.kernel.machine,
      user: host.user.name ?? String(host.user.uid),
    },
    findings,
    tier,
    platforms: platformsOf(host),
    remedies: remediesOf(findings, tier),
    exitCode: tier.name === 'none' ? 3 : hasProblem ? 1 : 0,
  };
}

function remediesOf(findings: Finding[], tier: Tier): string[] {
  const first = tier.remedy === undefined ? [] : [tier.remedy];
  const others = (['problem', 'warning', 'note', 'cannot tell'] as const).flatMap((grade) =>
    findings.filter(({ result }) => result === grade).flatMap(({ remedy }) => remedy ?? []),
  );
  return [...new Set([...first, ...others])];
}
