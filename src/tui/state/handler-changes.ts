import { parsePlatform } from '../../platform.ts';

/**
 * What `mpkit binfmt install` and `uninstall` will change, told beforehand by the rules of
 * src/binfmt/host/install.ts from what `mpkit binfmt status --json` says.
 */
export interface HandlersSeen {
  instance?: { mounted: boolean; enabled?: boolean | null };
  handlers: readonly SeenHandler[];
  platforms: readonly SeenPlatform[];
}

export interface SeenHandler {
  name: string;
  platform?: string | null;
  owner: string;
  boot?: string | null;
  works: string;
  findings: readonly { id?: string; text: string }[];
}

export interface SeenPlatform {
  platform: string;
  handler?: string | null;
  runs: boolean;
  inEmptyRoot: boolean;
}

/** `words`: CPUs or `all`, then flags. */
export function installChanges(
  seen: HandlersSeen | undefined,
  { words, own }: { words: readonly string[]; own: string },
): string[] {
  const persist = words.includes('--persist');
  if (!seen) return ['registers emulators for the CPUs that have none', bootLine(persist)];
  const cpus = words.filter((word) => !word.startsWith('-'));
  const unknown = cpus.filter(
    (word) => word !== 'all' && !seen.platforms.some(({ platform }) => names(word, platform)),
  );
  if (unknown.length > 0) return [`nothing: no CPU is named by \`${unknown.join('`, `')}\``];
  const fates = seen.platforms
    .filter(({ platform }) => cpus.some((word) => word === 'all' || names(word, platform)))
    .map((each) => fateOf(seen, each, { own, replaces: words.includes('--replace') }));
  const made = fates.flatMap(({ registers }) => registers ?? []);
  const keepsBoot = persist || seen.handlers.some(isOnBoot);
  return [
    ...instanceChanges(seen),
    made.length > 0
      ? `registers ${made.join(', ')} for all programs and users`
      : 'registers nothing new: there is a handler already, or none is needed',
    ...fates.flatMap(({ says }) => says),
    ...(made.length > 0
      ? ['puts the emulators below /usr/lib/mpkit; what is not kept is fetched (70 MB)']
      : []),
    ...(made.length > 0 || persist ? [bootLine(keepsBoot)] : []),
  ];
}

export function uninstallChanges(seen: HandlersSeen | undefined, name: string): string[] {
  if (name !== 'all')
    return [
      `takes the handler \`${name}\` away, its boot configuration and, unless another uses it, its emulator`,
    ];
  const serving = (seen?.handlers ?? []).filter(({ platform }) => platform);
  const gone = serving.filter(isOurs).map((each) => each.name);
  const left = serving.filter((each) => !isOurs(each)).map((each) => each.name);
  return [
    gone.length > 0
      ? `takes away ${gone.join(', ')}`
      : 'takes no handler away: none of mpkit is registered',
    'and every boot configuration and emulator of them that mpkit wrote',
    ...(left.length > 0 ? [`leaves ${left.join(', ')}`] : []),
  ];
}

interface Fate {
  registers?: string;
  says: string[];
}

function fateOf(
  { handlers }: HandlersSeen,
  { platform, handler, runs, inEmptyRoot }: SeenPlatform,
  { own, replaces }: { own: string; replaces: boolean },
): Fate {
  const claimants = handlers.filter((each) => each.platform === platform);
  if (platform === own || (claimants.length === 0 && !handler && runs)) return { says: [] };
  const winner = handlers.find((each) => each.name === handler);
  const isSound = runs && inEmptyRoot && winner !== undefined && !hasWrongRule(winner);
  const name = `mpkit-${platform.replace('linux/', '')}`;
  if (isSound && isOurs(winner))
    return { says: replaces ? [`renews ${winner.name}, if a newer emulator is kept`] : [] };
  const bad = winner ?? claimants.find((each) => !isOurs(each));
  if (bad && !isOurs(bad) && !replaces)
    return {
      says: [
        isSound
          ? `leaves \`${bad.name}\`, which works`
          : `leaves \`${bad.name}\`, which does not work: R replaces it`,
      ],
    };
  return {
    registers: name,
    says: claimants
      .filter((each) => each.name !== name)
      .map((each) => `takes \`${each.name}\` (${each.owner}) away`),
  };
}

function instanceChanges({ instance }: HandlersSeen): string[] {
  if (instance?.mounted === false) return ['mounts binfmt_misc'];
  return instance?.enabled === false ? ['switches on binfmt_misc, with all its handlers'] : [];
}

function bootLine(persists: boolean): string {
  return persists
    ? 'writes boot configuration, so that they come back after a restart'
    : 'until the next restart: no boot configuration is written';
}

/** `arm64`, `aarch64`, `linux/arm64`, `linux/arm/v7`: the CPU counts. */
function names(word: string, platform: string): boolean {
  try {
    const { os, architecture } = parsePlatform(word);
    return `${os}/${architecture}` === platform;
  } catch {
    return false;
  }
}

function hasWrongRule({ findings }: SeenHandler): boolean {
  return findings.some(({ id }) => id === 'wrong-mask');
}

function isOurs({ owner }: SeenHandler): boolean {
  return owner === 'mpkit';
}

function isOnBoot(handler: SeenHandler): boolean {
  return isOurs(handler) && Boolean(handler.boot);
}
