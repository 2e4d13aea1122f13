/**
 * A platform as the OCI image index names it (image-spec, "platform" of image-index.md), and the
 * `os/arch/variant` text form with the aliases that containerd and Docker accept.
 */
import { MpkitError } from './errors.ts';

export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
}

/** Parses `linux/arm64`, `arm64`, `linux/arm/v7`, `aarch64`, `local`; throws `usage` otherwise. */
export function parsePlatform(text: string): Platform {
  if (text === 'local') return hostPlatform();
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9_.-]+$/.test(part)))
    throw invalid(text, 'expected `os/arch[/variant]`');
  const [first, second, third] = parts as [string, string?, string?];
  if (second === undefined) return fromOneWord(text, first);
  const os = aliasOs(first);
  const [architecture, variant] = aliasArchitecture(second, third);
  return build(os, architecture, variant);
}

/** The canonical form: what index entries, build arguments and cache keys use. */
export function normalizePlatform(platform: Platform): Platform {
  const [architecture, aliasVariant] = aliasArchitecture(
    platform.architecture.toLowerCase(),
    platform.variant?.toLowerCase(),
  );
  return build(
    aliasOs(platform.os.toLowerCase()),
    architecture,
    canonicalVariant(architecture, aliasVariant),
  );
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`;
}

export function samePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(normalizePlatform(a)) === formatPlatform(normalizePlatform(b));
}

/**
 * The platforms whose images serve `wanted`, best first: the same variant, lower variants, then
 * for arm64 32-bit arm, for amd64 386 (the order containerd uses).
 */
export function acceptablePlatforms(wanted: Platform): Platform[] {
  const { os, architecture, variant } = normalizePlatform(wanted);
  const of = (arch: string, ...variants: (string | undefined)[]) =>
    variants.map((each) => build(os, arch, each));
  if (architecture === 'arm') return of('arm', ...lowerVariants(variant, 5, 8));
  if (architecture === 'arm64') {
    const lower = variant === 'v9' ? ['v9', undefined] : [variant];
    return [...of('arm64', ...lower), ...of('arm', 'v8', 'v7', 'v6', 'v5')];
  }
  if (architecture === 'amd64') {
    const levels = variant === undefined ? [] : lowerVariants(variant, 2, 4);
    return [...of('amd64', ...levels, undefined), ...of('386', undefined)];
  }
  return [build(os, architecture, variant)];
}

/** The platform of the running machine, as Node was built; `linux/amd64`, `linux/arm64`, … */
export function hostPlatform(): Platform {
  const byNode: Record<string, Platform> = {
    x64: { os: 'linux', architecture: 'amd64' },
    ia32: { os: 'linux', architecture: '386' },
    arm64: { os: 'linux', architecture: 'arm64' },
    arm: { os: 'linux', architecture: 'arm', variant: 'v7' },
    ppc64: { os: 'linux', architecture: 'ppc64le' },
    s390x: { os: 'linux', architecture: 's390x' },
    riscv64: { os: 'linux', architecture: 'riscv64' },
    loong64: { os: 'linux', architecture: 'loong64' },
  };
  return byNode[process.arch] ?? { os: 'linux', architecture: process.arch };
}

function fromOneWord(text: string, word: string): Platform {
  if (knownOs.has(aliasOs(word))) {
    // As typed there is no variant, also on 32-bit arm; normalizing adds `v7` there.
    return build(aliasOs(word), hostPlatform().architecture, undefined);
  }
  const [architecture, variant] = aliasArchitecture(word, undefined);
  if (knownArchitectures.has(architecture)) return build('linux', architecture, variant);
  throw invalid(text, 'it names no known operating system or architecture');
}

function invalid(text: string, why: string): MpkitError {
  return new MpkitError('usage', `invalid platform \`${text}\`: ${why}`, {
    hint: 'for example `linux/arm64` or `linux/arm/v7`',
  });
}

function build(os: string, architecture: string, variant: string | undefined): Platform {
  return variant ? { os, architecture, variant } : { os, architecture };
}

function aliasOs(os: string): string {
  return os === 'macos' ? 'darwin' : os;
}

type Architecture = [architecture: string, variant?: string | undefined];

function aliasArchitecture(arch: string, variant: string | undefined): Architecture {
  switch (arch) {
    case 'i386':
    case 'i686':
      return ['386'];
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return ['amd64', variant === 'v1' ? undefined : variant];
    case 'aarch64':
      return ['arm64', canonicalVariant('arm64', variant)];
    case 'armhf':
      return ['arm'];
    case 'armel':
      return ['arm', 'v6'];
    case 'loongarch64':
      return ['loong64', variant];
    default:
      return [arch, variant];
  }
}

function canonicalVariant(arch: string, variant: string | undefined): string | undefined {
  if (arch === 'arm64') {
    if (variant === undefined || /^v?8(\.0)?$/.test(variant)) return undefined;
    if (/^v?9(\.0)?$/.test(variant)) return 'v9';
  }
  if (arch === 'arm') {
    if (variant === undefined || variant === '') return 'v7';
    if (/^[5-8]$/.test(variant)) return `v${variant}`;
  }
  if (arch === 'amd64' && variant === 'v1') return undefined;
  return variant;
}

/** `variant` and the ones below it; an unheard-of one, whatever its number, stands for itself. */
function lowerVariants(variant: string | undefined, lowest: number, highest: number): string[] {
  const number = Number(variant?.slice(1));
  if (variant !== `v${number}` || number > highest) return variant === undefined ? [] : [variant];
  const variants: string[] = [];
  for (let n = number; n >= lowest; n--) variants.push(`v${n}`);
  return variants;
}

const knownOs = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos'.split(
    ' ',
  ),
);

const knownArchitectures = new Set(
  '386 amd64 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm'.split(
    ' ',
  ),
);
