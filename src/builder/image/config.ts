/** Image configs as values: what a stage starts from and what its instructions add. Pure. */
import { normalizePlatform, type Platform } from '../../platform.ts';
import type { HistoryRow, ImageConfig, RuntimeConfig } from './documents.ts';

/** The config of `FROM scratch`. */
export function scratchConfig(platform: Platform): ImageConfig {
  return withPlatform(
    {
      architecture: '',
      os: '',
      config: { Env: [`PATH=${defaultPath}`], WorkingDir: '/' },
      rootfs: { type: 'layers', diff_ids: [] },
      history: [],
    },
    platform,
  );
}

/**
 * The config of a stage that continues `base`: everything stays, unknown fields too, but for the
 * triggers of ONBUILD, which have had their turn. The explicit platform wins over the base's.
 */
export function inheritConfig(base: ImageConfig, platform: Platform): ImageConfig {
  const { OnBuild: _, ...runtime } = base.config ?? {};
  return withPlatform({ ...base, config: runtime, history: fullHistory(base) }, platform);
}

/** Rows and layers are matched by counting, so layers that a base is silent about get a row too. */
function fullHistory({ history, rootfs }: ImageConfig): HistoryRow[] {
  const rows = history ?? [];
  const told = rows.filter((row) => !row.empty_layer).length;
  const untold = Math.max(0, rootfs.diff_ids.length - told);
  return [...rows, ...Array.from({ length: untold }, () => ({ created_by: 'unknown' }))];
}

/** `change` replaces fields of the runtime config; undefined removes one. */
export function withRuntime(config: ImageConfig, change: Change<RuntimeConfig>): ImageConfig {
  return { ...config, config: merged(config.config ?? {}, change) };
}

export function withHistory(config: ImageConfig, row: HistoryRow): ImageConfig {
  return { ...config, history: [...(config.history ?? []), row] };
}

/** RFC 3339 without fraction, as `created` is written. */
export function formatTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** The environment in its order; a later entry of a name wins, as execve's readers see it. */
export function environmentOf(config: ImageConfig): Map<string, string> {
  const environment = new Map<string, string>();
  for (const entry of config.config?.Env ?? []) {
    const equals = entry.indexOf('=');
    if (equals > 0) environment.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  return environment;
}

/** Sets `Env`; the order is that of the map. */
export function withEnvironment(
  config: ImageConfig,
  environment: Map<string, string>,
): ImageConfig {
  const Env = [...environment].map(([name, value]) => `${name}=${value}`);
  return withRuntime(config, { Env });
}

/** Labels are the user's names, `__proto__` included: read and written as a map. */
export function labelsOf(config: ImageConfig): Map<string, string> {
  return new Map(Object.entries(config.config?.Labels ?? {}));
}

export function withLabels(config: ImageConfig, labels: Map<string, string>): ImageConfig {
  return withRuntime(config, { Labels: Object.fromEntries(labels) });
}

/** What BuildKit gives a stage that has no PATH. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

type Change<T> = { [K in keyof T]?: T[K] | undefined };

function merged<T extends object>(old: T, change: Change<T>): T {
  const entries = Object.entries({ ...old, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as T;
}

function withPlatform(config: ImageConfig, platform: Platform): ImageConfig {
  const { os, architecture, variant } = normalizePlatform(platform);
  return merged(config, { os, architecture, variant });
}
