/** Which platform runs how, by execution; without trials what the CPU's flags say. Pure. */
import { nativeByFlags } from './checks/cpu.ts';
import type { HostFacts } from './facts.ts';

export interface Platforms {
  /** mpkit builds and runs them here and now. */
  usable: PlatformRow[];
  unusable: PlatformRow[];
}

export interface PlatformRow {
  platform: string;
  way: 'native' | 'native-compatible' | 'private' | 'host-wide' | 'none';
  /** Its probe program ran; else it follows from the CPU's flags. */
  executed: boolean;
  /** The emulator, the CPU's flags, or why not. */
  detail: string;
}

export function platformsOf(host: HostFacts): Platforms {
  const byFlags = nativeByFlags(host);
  const executed = host.trials?.inside?.platforms ?? [];
  const rows = executed.flatMap((trial): PlatformRow[] => {
    const { platform } = trial;
    if (!trial.ran) {
      const way = { way: 'none', executed: true } as const;
      return [{ platform, ...way, detail: trial.error ?? '' }];
    }
    const detail = `uname says ${trial.machine}`;
    if (trial.kind === 'native') {
      const way = platform === byFlags[0] ? 'native' : 'native-compatible';
      const own = { platform, way, executed: true, detail } as const;
      return [own, ...levelsOf(platform, byFlags)];
    }
    const by = trial.version ? `QEMU ${trial.version}` : 'a handler of the host';
    const way = trial.version ? 'private' : 'host-wide';
    return [{ platform, way, executed: true, detail: `${by}, ${detail}` }];
  });
  const onHost = host.trials?.inside ? [] : (host.trials?.host ?? []);
  for (const { architecture, plain, bare, detail } of onHost)
    rows.push({
      platform: `linux/${architecture}`,
      way: bare || plain ? 'host-wide' : 'none',
      executed: true,
      detail: bare || plain ? 'on the host only: mpkit has no sandbox to build in' : detail,
    });
  const inside = host.trials?.inside;
  if (inside && inside.overlayError !== '')
    return { usable: [], unusable: rows.filter(({ executed }) => executed).map(withoutOverlay) };
  return {
    usable: rows.filter(({ way }) => way !== 'none' && inside !== undefined),
    unusable: rows.filter(({ way }) => way === 'none' || inside === undefined),
  };
}

/** That its probe program ran says nothing of a build. */
function withoutOverlay({ platform, way, detail }: PlatformRow): PlatformRow {
  const why = way === 'none' ? detail : 'it runs, but nothing can be built without overlayfs';
  return { platform, way: 'none', executed: true, detail: why };
}

/** `linux/amd64/v3` runs where `linux/amd64` does and the CPU has the flags. */
function levelsOf(platform: string, byFlags: string[]): PlatformRow[] {
  return byFlags
    .filter((each) => each.startsWith(`${platform}/v`))
    .map((each) => ({
      platform: each,
      way: 'native',
      executed: false,
      detail: 'by the flags of the CPU',
    }));
}
